import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quotedReply, stageIn, stageInTranscript } from '../../src/feedback/quoted-reply.ts';

const REPLIES: readonly (readonly [text: string, code: number | null, enhanced: string | null, start: string])[] = [
  ['550 5.1.1 unknown', 550, '5.1.1', '5.1.1 unknown'],
  ['550-5.1.1 a\n550 5.1.1 b', 550, '5.1.1', '5.1.1 a'],
  ['host mx.test[192.0.2.1] said: 552 5.2.2 full', 552, '5.2.2', '5.2.2 full'],
  ['host mx.test[192.0.2.1] said: 550\n5.1.1 unknown', 550, '5.1.1', '5.1.1 unknown'],
  ['host mx.test[192.0.2.1] refused to talk to me: 554 no', 554, null, 'no'],
  ["Remote Server returned '550 5.1.1 unknown'", 550, '5.1.1', '5.1.1 unknown'],
  ['550 5.0.350 Remote server returned an error -> 550 5.1.1 unknown', 550, '5.1.1', '5.1.1 unknown'],
  ['(reason: 550 unknown)', 550, null, 'unknown'],
  ['error message: [554 5.4.6 Hop count exceeded]', 554, '5.4.6', '5.4.6 Hop'],
  ['server returned was: 550 550 5.1.1 unknown', 550, '5.1.1', '5.1.1 unknown'],
  ["5.1.0 - Unknown address error 550-'5.7.1 denied'", 550, '5.7.1', '5.7.1 denied'],
  ['>>> RCPT TO:<a@b.test>\n<<< 553 no', 553, null, 'no'],
  ['#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##', 550, '5.1.1', '5.1.1 RESOLVER'],
  ['SMTP error after RCPT command:\nhost: mx.test\n5.2.1 <a@b.test> no', 550, '5.2.1', '5.2.1 <a'],
  ['4.2.2 over quota', 450, '4.2.2', '4.2.2 over'],
  ['gave up after 500 tries at port 25', null, null, ''],
  ['Could not deliver for the last 432000 seconds', null, null, ''],
  ['', null, null, ''],
];

for (const [text, code, enhanced, start] of REPLIES) {
  test(`${JSON.stringify(text)} quotes ${code}`, () => {
    const reply = quotedReply(text);
    assert.deepEqual([reply?.code ?? null, reply?.enhanced ?? null], [code, enhanced]);
    assert.ok((reply?.text ?? '').startsWith(start), reply?.text);
  });
}

const STAGES: readonly (readonly [string, string | null])[] = [
  ['said: 550 no (in reply to RCPT TO command)', 'rcpt'],
  ['said: 550 no (in reply to RCPT\n    TO command)', 'rcpt'],
  ['said: 550 no (in reply to end of DATA command)', 'data'],
  ['said: 550 no (in reply to MAIL FROM command)', 'mail'],
  ['refused to talk to me: 554 no', 'greeting'],
  ['SMTP error from remote mail server after RCPT TO:<a@b.test>:', 'rcpt'],
  ['SMTP error from remote mail server after end of data:', 'data'],
  ['192.0.2.1 does not like recipient.', 'rcpt'],
  ['did not like our RCPT TO:', 'rcpt'],
  ['550 unknown user', null],
];

for (const [text, stage] of STAGES) {
  test(`${JSON.stringify(text)} was heard at ${stage}`, () => assert.equal(stageIn(text), stage));
}

test('a transcript tells the command before the first refusal', () => {
  assert.equal(
    stageInTranscript(['>>> MAIL From:<x>', '<<< 250 ok', '>>> RCPT To:<y>', '<<< 550 no', '>>> DATA', '<<< 503 no']),
    'rcpt',
  );
  assert.equal(stageInTranscript(['<<< 554 no']), null);
});
