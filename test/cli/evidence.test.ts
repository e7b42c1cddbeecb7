// The evidence of one address, for people and for machines: nothing said twice, nothing that moves a terminal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Examined } from '../../src/cli/check-addresses.ts';
import { evidenceLines, evidenceObject } from '../../src/cli/evidence.ts';
import { RowFactsReader } from '../../src/cli/row-facts.ts';
import type { Verdict } from '../../src/verdict.ts';
import type { ProbeEvent } from '../../src/verify/probe.ts';
import { COLOURS, NO_COLOURS, NOW, replyOf, verdictOf } from './samples.ts';

function examined(input: string, verdict: Verdict, events: readonly ProbeEvent[] = []): Examined {
  return { input, facts: new RowFactsReader().read(input), verdict, plan: null, events, now: NOW, dueAt: null };
}

function linesOf(one: Examined, verbose = false): string[] {
  return evidenceLines(one, { colours: NO_COLOURS, verbose });
}

const UNKNOWN_USER = replyOf(550, '5.1.1 No such user \x1b[2J', '5.1.1');
const REFUSED: ProbeEvent = {
  ...{ type: 'reply', host: 'mx.known.test', recipient: 'a@known.test', meaning: 'mailbox_not_found' },
  ...{ rule: 'unknown-user', reply: UNKNOWN_USER, control: false },
} as const;

test('the first line is the verdict, the last where it came from', () => {
  const lines = linesOf(examined('<A@Known.test>', verdictOf('mailbox_not_found', { reply: UNKNOWN_USER }), [REFUSED]));
  assert.equal(lines[0], 'A@known.test  invalid (mailbox_not_found)');
  assert.equal(lines.at(-1), '  source    asked just now');
  assert.ok(lines.some((line) => /^ {2}syntax {4}good, repaired \(/.test(line)));
});

test('a verdict from the cache says when it was asked, and still shows the reply', () => {
  const lines = linesOf(
    examined('a@known.test', verdictOf('mailbox_not_found', { reply: UNKNOWN_USER, source: 'cache' })),
  );
  assert.equal(lines.at(-1), '  source    from the cache, asked 2026-01-15T00:00:00Z');
  assert.ok(lines.includes('  asked     mx.known.test at rcpt: 550 5.1.1 No such user \\x1b[2J'));
});

test('what a failed connection said is told once', () => {
  const outcome = 'greeting: 554 go away';
  const event = { type: 'connect', host: 'mx.known.test', address: '192.0.2.1', outcome } as const;
  const verdict = verdictOf('blocked', { stage: 'greeting', detail: outcome, reply: replyOf(554, 'go away') });
  const lines = linesOf(examined('a@known.test', verdict, [event]));
  assert.equal(lines.filter((line) => line.includes('go away')).length, 1);
});

test('why and what to do stand above the evidence, in words for everybody', () => {
  const lines = linesOf(examined('a@known.test', verdictOf('mailbox_not_found', { reply: UNKNOWN_USER }), [REFUSED]));
  assert.equal(lines[1], '  why       The mail server says plainly that it does not know this name.');
  assert.equal(lines[2], '  next      Remove it.');
});

test('who was put off is told when to ask again, and not to wait where that takes long', () => {
  const one = examined('a@known.test', verdictOf('greylisted', { reply: replyOf(450, 'later') }));
  assert.equal(
    linesOf({ ...one, dueAt: NOW + 61_000 })[2],
    '  next      Run the same command again in 61 seconds, or let --wait 10m do it now.',
  );
  assert.equal(
    linesOf({ ...one, dueAt: NOW + 86_401_000 })[2],
    '  next      Run the same command again in about 24 hours (2026-01-16T00:00:01Z).',
  );
});

test('on a terminal lines are broken at blanks, below where they began', () => {
  const one = examined(
    'a@known.test',
    verdictOf('smtputf8_needed', { stage: 'ehlo', detail: 'word '.repeat(40).trim() }),
  );
  const lines = evidenceLines(one, { colours: NO_COLOURS, verbose: false, width: 60 });
  assert.ok(
    lines.every((line) => line.length <= 60),
    lines.join('\n'),
  );
  assert.ok(lines.includes(`${' '.repeat(12)}${'word '.repeat(9).trim()}`), lines.join('\n'));
  assert.equal(lines.join(' ').match(/word/g)?.length, 40);
});

test('much evidence, in long words, keeps to one screen of 80 by 24; -v shows all of it', () => {
  const reply = replyOf(550, `5.1.1 ${'The account that you tried to reach does not exist. '.repeat(8)}`, '5.1.1');
  const asked = [false, true].map((control) => ({ ...REFUSED, reply, control }) as ProbeEvent);
  const outcome = 'no connection (ETIMEDOUT)';
  const failed = Array.from(
    { length: 8 },
    (_, i): ProbeEvent => ({ type: 'connect', host: `alt${i}.mx.known.test`, address: `192.0.2.${i}`, outcome }),
  );
  const hosts = Array.from({ length: 9 }, (_, i) => ({
    ...{
      name: `alt${i}.gmail-smtp-in.l.known.test`,
      preference: i,
      addresses: ['192.0.2.1', '2001:db8:85a3::8a2e:370:7334'],
    },
  }));
  const provider = { key: 'known.test', name: null };
  const plan = {
    ...{ status: 'ask', domain: 'known.test', hosts, implicitMx: false, provider, fingerprint: '', warnings: [] },
    ...{ expiresAt: NOW, fromCache: false },
  } as unknown as NonNullable<Examined['plan']>;
  const one = { ...examined('a@known.test', verdictOf('mailbox_not_found', { reply }), [...failed, ...asked]), plan };
  const lines = evidenceLines(one, { colours: NO_COLOURS, verbose: false, width: 80 });
  assert.ok(lines.length <= 23, `${lines.length} lines:\n${lines.join('\n')}`);
  assert.ok(lines.includes('  asked     6 more before these; -v shows all'));
  assert.equal(linesOf(one, true).filter((line) => line.startsWith('  asked')).length, 10);
});

test('a fact that no reply tells has a line of its own', () => {
  const lines = linesOf(
    examined('a@gone.test', verdictOf('domain_not_found', { stage: 'dns', mx: null, detail: 'no such domain' })),
  );
  assert.ok(lines.includes('  dns       no such domain'));
});

test('encryption is evidence too, of the last session that had any, with what is odd about the certificate', () => {
  const certificate = { subject: 'CN=mx.known.test', issuer: 'CN=Known CA', validTo: '2026-01-14' };
  const tls = {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    certificate,
    distrust: 'expired (CERT_HAS_EXPIRED)',
  };
  const at = { type: 'tls', host: 'mx.known.test', address: '192.0.2.1' } as const;
  const bare = { ...at, tls: { protocol: 'TLSv1', cipher: 'OLD', certificate: null, distrust: 'none' } };
  const one = examined('a@known.test', verdictOf('accepted'), [bare, { ...at, tls }]);
  const told = 'TLSv1.3 TLS_AES_256_GCM_SHA384, certificate of CN=mx.known.test by CN=Known CA, to 2026-01-14, expired';
  assert.ok(linesOf(one).includes(`  tls       mx.known.test: ${told} (CERT_HAS_EXPIRED)`), linesOf(one).join('\n'));
  assert.deepEqual((evidenceObject(one, undefined)['smtp'] as { tls: unknown }).tls, {
    ...{ host: 'mx.known.test', protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authorized: false },
    certificate: { subject: 'CN=mx.known.test', issuer: 'CN=Known CA', valid_to: '2026-01-14' },
    why: 'expired (CERT_HAS_EXPIRED)',
  });
  assert.ok(
    linesOf(examined('a@known.test', verdictOf('accepted'), [bare])).includes(
      '  tls       mx.known.test: TLSv1 OLD, no certificate',
    ),
  );
  const plain = examined('a@known.test', verdictOf('accepted'));
  assert.equal((evidenceObject(plain, undefined)['smtp'] as { tls: unknown }).tls, null);
});

test('flags and the sum of the score can be argued with', () => {
  const lines = linesOf(examined('info@gmx.de', verdictOf('accepted', { implicitMx: true })));
  assert.ok(lines.includes('  flags     role, free, implicit MX'));
  assert.ok(lines.includes('  score     78 = status_valid +100, role -10, free -2, implicit_mx -10'), lines.join('\n'));
});

test('the dialogue is shown only when asked for, and nothing shown moves a terminal', () => {
  const said = { type: 'dialogue', host: 'mx.known.test', direction: 'received', line: '550 no' } as const;
  const one = examined('a\u202e@x y\x1b[2J', verdictOf('syntax', { stage: 'syntax' }), [said, REFUSED]);
  assert.ok(linesOf(one, true).includes('    < 550 no'));
  assert.ok(!linesOf(one).includes('    < 550 no'));
  assert.doesNotMatch(linesOf(one, true).join(''), /[\p{Cc}\p{Cf}]/u);
});

test('colours colour the verdict and change no word', () => {
  const one = examined('a@known.test', verdictOf('accepted'));
  const coloured = evidenceLines(one, { colours: COLOURS, verbose: false }).join('\n');
  assert.notEqual(coloured, linesOf(one).join('\n'));
  assert.equal(coloured.replaceAll(/\x1b\[\d+m/g, ''), linesOf(one).join('\n'));
});

test('machines get the id only where one was given, null where nothing is known, and each reply asked for', () => {
  const one = examined('a@known.test', verdictOf('mailbox_not_found', { reply: UNKNOWN_USER }), [REFUSED]);
  assert.ok(!('id' in evidenceObject(one, undefined)));
  assert.equal(evidenceObject(one, 0)['id'], 0);
  assert.deepEqual(evidenceObject(one, null)['evidence'], [
    {
      host: 'mx.known.test',
      recipient: 'a@known.test',
      control: false,
      code: 550,
      enhanced: '5.1.1',
      reply: '550 5.1.1 No such user \\x1b[2J',
      meaning: 'mailbox_not_found',
      rule: 'unknown-user',
    },
  ]);
  const nothing = evidenceObject(examined('no address', verdictOf('syntax', { stage: 'syntax', mx: null })), undefined);
  assert.deepEqual(
    [nothing['address'], nothing['domain'], nothing['suggestion'], nothing['mx']],
    [null, null, null, []],
  );
});
