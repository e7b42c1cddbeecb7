import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Offers } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { openSession, type SessionOptions } from '../../src/smtp/session.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';

const anna = { local: 'anna', domain: 'secure.test', smtputf8: false };

async function converse(starttls: NonNullable<Offers['starttls']>, changed: Partial<SessionOptions> = {}) {
  const host = {
    name: 'mx.secure.test',
    addresses: ['127.0.48.1'],
    domains: ['secure.test'],
    mailboxes: people('anna'),
    offers: { starttls },
  };
  const sandbox = await startSandbox(worldOf({ hosts: [host] }));
  const notes: string[] = [];
  try {
    const start = await openSession({
      address: '127.0.48.1',
      hostname: 'mx.secure.test',
      port: sandbox.smtpPort,
      heloName: 'client.test',
      mailFrom: null,
      smtputf8: false,
      timeouts: DEFAULT_TIMEOUTS,
      clock: systemClock,
      trace: (direction, line) => notes.push(`${direction} ${line}`),
      ...changed,
    });
    if (start.status === 'failed') {
      await start.closed;
      return {
        outcome: `${start.stage} ${start.failure} ${start.reply?.code ?? ''}`.trim(),
        notes,
        tls: sandbox.record.tlsSessions,
      };
    }
    const answer = await start.session.ask(anna);
    await start.session.close();
    const code = answer.status === 'replied' ? answer.reply.code : answer.failure;
    return { outcome: `${code}${start.session.secured ? ' secured' : ''}`, notes, tls: sandbox.record.tlsSessions };
  } finally {
    await sandbox.stop();
  }
}

const CASES: readonly [
  starttls: NonNullable<Offers['starttls']>,
  tls: SessionOptions['tls'],
  outcome: string,
  why: string,
][] = [
  ['works', 'on_demand', '250', 'what is offered and not demanded is not used'],
  ['works', 'always', '250 secured', 'unless wanted'],
  ['required', 'on_demand', '250 secured', 'a demand is met'],
  ['required', 'never', 'mail reply 530', 'unless forbidden'],
  ['required_broken', 'on_demand', 'tls tls', 'a broken handshake is told apart'],
  ['refused', 'always', 'tls tls 454', 'so is a refusal to begin one'],
  ['injects', 'always', 'tls protocol', 'bytes behind the 220 end the session (CVE-2011-0411)'],
];

for (const [starttls, tls, outcome, why] of CASES) {
  test(`STARTTLS ${starttls}, ours ${tls}: ${outcome}, ${why}`, async () => {
    assert.equal((await converse(starttls, { tls })).outcome, outcome);
  });
}

test('a self-signed certificate is no reason to end, and is told as evidence', async () => {
  const { notes } = await converse('required');
  const note = notes.find((line) => line.startsWith('note encrypted with'));
  assert.match(note ?? '', /TLSv1\.[23] \S+, certificate not verified: DEPTH_ZERO_SELF_SIGNED_CERT/);
  assert.ok(
    notes.filter((line) => line.startsWith('sent EHLO')).length === 2,
    'EHLO is said again (RFC 3207 section 4.2)',
  );
});
