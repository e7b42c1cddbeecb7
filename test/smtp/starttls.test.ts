// Over to TLS: when it is used, what of it is told, and every way it can fail, over real sockets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SecureContext } from 'node:tls';
import { systemClock } from '../../src/clock.ts';
import { selfSignedContext } from '../../src/sandbox/certificate.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Offers } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { openSession, type SessionOptions } from '../../src/smtp/session.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import { describeTls, type TlsEvidence } from '../../src/smtp/tls.ts';
import { gate, jane, listeningDial, openFailed, openReady, running, serve, summaryOf } from './conversation.ts';
import { createHandClock } from './hand-clock.ts';
import type { Peer, ScriptedServer } from './scripted-server.ts';

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
  ['required', 'never', 'tls tls 530', 'unless forbidden'],
  ['works', 'never', '250', 'and an offer is not taken then'],
  ['works', 'when_offered', '250 secured', 'a host known for its demand is not asked in the clear first'],
  ['refused', 'never', '250', 'a host that cannot encrypt is asked in the clear'],
  ['required_broken', 'on_demand', 'tls tls', 'a broken handshake is told apart'],
  ['refused', 'always', 'tls tls 454', 'so is a refusal to begin one'],
  ['injects', 'always', 'tls protocol', 'bytes behind the 220 end the session (CVE-2011-0411)'],
];

for (const [starttls, tls, outcome, why] of CASES) {
  test(`STARTTLS ${starttls}, ours ${tls}: ${outcome}, ${why}`, async () => {
    assert.equal((await converse(starttls, { tls })).outcome, outcome);
  });
}

const TLS_HELLO = '250-mx.host.test\r\n250-STARTTLS\r\n250 SIZE 1000\r\n';

/** Talks to a host that goes over to TLS with this certificate and then answers `afterTls` to EHLO. */
function secureHost(context: SecureContext, afterTls = '250 mx.host.test\r\n'): Promise<ScriptedServer> {
  return serve(async (peer) => {
    await peer.send('220 mx.host.test ESMTP\r\n');
    await peer.answer('EHLO client.test', TLS_HELLO);
    await peer.answer('STARTTLS', '220 2.0.0 Ready\r\n');
    await peer.secure(context);
    await peer.answer('EHLO client.test', afterTls);
    await peer.answer('MAIL FROM:<>', '250 Ok\r\n');
    await peer.answer(/^RCPT/, '250 Ok\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
  });
}

async function evidenceFrom(context: SecureContext, hostname = 'mx.host.test'): Promise<TlsEvidence> {
  const heard: TlsEvidence[] = [];
  const server = await secureHost(context);
  const session = await openReady(server, { tls: 'always', hostname, onSecured: (tls) => heard.push(tls) });
  assert.equal(session.secured, true);
  assert.equal((await session.ask(jane)).reply?.code, 250);
  await session.close();
  assert.equal(heard.length, 1);
  return heard[0] as TlsEvidence;
}

test('a self-signed certificate is no reason to end, and is told as evidence', async () => {
  const tls = await evidenceFrom(selfSignedContext({ name: 'mx.host.test' }));
  assert.match(tls.protocol, /^TLSv1\.[23]$/);
  assert.match(tls.cipher, /^[A-Z0-9_-]+$/);
  assert.deepEqual(tls.certificate, { subject: 'CN=mx.host.test', issuer: 'CN=mx.host.test', validTo: '2049-12-31' });
  assert.equal(tls.distrust, 'self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)');
});

test('nor is an expired one', async () => {
  const tls = await evidenceFrom(selfSignedContext({ name: 'mx.host.test', until: '210203040506Z' }));
  assert.equal(tls.certificate?.validTo, '2021-02-03');
  assert.match(tls.distrust ?? '', /^expired \(CERT_HAS_EXPIRED\)$/);
});

test('nor one with a name that is meant to move a terminal', async () => {
  const tls = await evidenceFrom(selfSignedContext({ name: '\u001b[2J\u202eevil\n=1+1' }));
  assert.doesNotMatch(describeTls(tls), /[\u0000-\u001f\u202e]/);
});

test('the dialogue tells protocol, cipher and what is odd about the certificate, in one line', async () => {
  const { notes } = await converse('required');
  const note = notes.find((line) => line.startsWith('note encrypted with'));
  assert.match(
    note ?? '',
    /TLSv1\.[23] \S+, certificate of CN=sandbox\.invalid by CN=sandbox\.invalid, to 2049-12-31, self-signed \(\w+\)$/,
  );
});

test('EHLO is said again after the handshake, and only what is offered then counts (RFC 3207 section 4.2)', async () => {
  const server = await secureHost(selfSignedContext(), '250-mx.host.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n');
  const session = await openReady(server, { tls: 'always' });
  assert.deepEqual([...session.extensions.keys()], ['PIPELINING', 'STARTTLS']);
  await session.ask(jane);
  await session.close();
});

/** What becomes of the session where the host answers STARTTLS in these ways. */
const STARTS: readonly [what: string, script: (peer: Peer) => Promise<void>, expected: RegExp, why: string][] = [
  [
    '220 and garbage',
    (peer) =>
      peer
        .send('220 go\r\n')
        .then(() => peer.heard(/\u0016\u0003/))
        .then(() => peer.send('250 what?\r\n')),
    /^tls tls null the TLS handshake failed \(/,
    'no handshake',
  ],
  [
    '454',
    (peer) => peer.send('454 4.7.0 TLS not available\r\n'),
    /^tls tls 454 tls: 454 4\.7\.0/,
    'offered and refused',
  ],
  ['354', (peer) => peer.send('354 go on\r\n'), /^tls protocol 354/, 'no answer to STARTTLS'],
  ['hanging up', async (peer) => peer.close(), /^tls closed null/, 'no answer at all'],
  [
    '220 and hanging up',
    async (peer) => {
      await peer.send('220 go\r\n');
      peer.close();
    },
    /^tls tls null the TLS handshake failed/,
    'nobody there to shake hands',
  ],
  [
    '220 and a reset',
    async (peer) => {
      await peer.send('220 go\r\n');
      await peer.heard(/\u0016\u0003/);
      peer.reset();
    },
    /^tls tls null the TLS handshake failed/,
    'nor here',
  ],
  [
    '220 and more behind it',
    (peer) => peer.send('220 go\r\n250 injected\r\n'),
    /^tls protocol null/,
    'bytes in the clear are never taken for protected ones (CVE-2011-0411)',
  ],
];

for (const [what, script, expected, why] of STARTS) {
  test(`${what} to STARTTLS fails at that stage and asks nothing in the clear: ${why}`, async () => {
    let received = '';
    const server = await serve(async (peer) => {
      await peer.send('220 mx.host.test ESMTP\r\n');
      await peer.answer(/^EHLO/, TLS_HELLO);
      await peer.expect('STARTTLS');
      await script(peer);
      await peer.gone;
      received = peer.received;
    });
    const start = await openFailed(server, { tls: 'always', timeouts: { ...DEFAULT_TIMEOUTS, quitMs: 50 } });
    assert.equal(start.tryNextHost, false);
    assert.match(`${start.stage} ${start.failure} ${start.reply?.code ?? null} ${start.detail}`, expected);
    await start.closed;
    await running.splice(0)[0]?.stop();
    assert.doesNotMatch(received, /MAIL|RCPT/);
  });
}

test('half a reply behind the 220 is waited for, and never read as a protected one', async () => {
  const clock = createHandClock();
  const listening = listeningDial();
  const server = await serve(async (peer) => {
    await peer.send('220 mx.host.test ESMTP\r\n');
    await peer.answer(/^EHLO/, TLS_HELLO);
    await peer.answer('STARTTLS', '220 go\r\n250-inj');
    await peer.gone;
    assert.doesNotMatch(peer.received, /\u0016\u0003/, 'no handshake');
  });
  const opening = openFailed(server, { tls: 'always', clock, dial: listening.dial });
  await listening.until('250-inj');
  clock.advance(DEFAULT_TIMEOUTS.ehloMs);
  const start = await opening;
  assert.equal(`${start.stage} ${start.failure}`, 'tls timeout');
  await start.closed;
});

test('a host that falls silent in the handshake costs its deadline and no more', async () => {
  const clock = createHandClock();
  const shaking = gate();
  const server = await serve(async (peer) => {
    await peer.send('220 mx.host.test ESMTP\r\n');
    await peer.answer(/^EHLO/, TLS_HELLO);
    await peer.answer('STARTTLS', '220 go\r\n');
    await peer.heard(/\u0016\u0003/); // the ClientHello
    shaking.open();
    await peer.gone;
  });
  const opening = openFailed(server, { tls: 'always', clock });
  await shaking.opened;
  clock.advance(DEFAULT_TIMEOUTS.tlsMs);
  const start = await opening;
  assert.equal(`${start.stage} ${start.failure}`, 'tls tls');
  assert.match(start.detail, /no complete answer to the TLS handshake within 15 s/);
  await start.closed;
  assert.equal(clock.pending, 0);
});

for (const tls of ['always', 'on_demand'] as const) {
  test(`a host without STARTTLS that is to be asked '${tls}' is told apart where it must not be asked in the clear`, async () => {
    let received = '';
    const server = await serve(async (peer) => {
      await peer.send('220 mx.host.test ESMTP\r\n');
      await peer.answer(/^EHLO/, '250-mx.host.test\r\n250 PIPELINING\r\n');
      if (tls === 'on_demand') await peer.answer(/^MAIL/, '530 5.7.0 Must issue a STARTTLS command first\r\n');
      await peer.answer('QUIT', '221 Bye\r\n');
      await peer.gone;
      received = peer.received;
    });
    const start = await openFailed(server, { tls });
    assert.equal(`${start.stage} ${start.failure}`, 'tls tls');
    assert.match(start.detail, /does not offer STARTTLS/);
    await start.closed;
    assert.doesNotMatch(received, /RCPT/);
  });
}

test('a host that demands TLS at MAIL gets it once: one that goes on demanding it has refused', async () => {
  const context = selfSignedContext();
  const demand = '530 5.7.0 Must issue a STARTTLS command first\r\n';
  const server = await serve(async (peer) => {
    await peer.send('220 mx.host.test ESMTP\r\n');
    await peer.answer(/^EHLO/, TLS_HELLO);
    await peer.answer(/^MAIL/, demand);
    await peer.answer('STARTTLS', '220 go\r\n');
    await peer.secure(context);
    await peer.answer(/^EHLO/, TLS_HELLO);
    await peer.answer(/^MAIL/, demand);
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const start = await openFailed(server);
  assert.deepEqual(summaryOf(start), { stage: 'mail', failure: 'reply', code: 530, tryNextHost: false });
  await start.closed;
});

test('a login that is demanded is no demand for TLS', async () => {
  const server = await serve(async (peer) => {
    await peer.send('220 mx.host.test ESMTP\r\n');
    await peer.answer(/^EHLO/, TLS_HELLO);
    await peer.answer(/^MAIL/, '530 5.7.1 Authentication required\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const start = await openFailed(server);
  assert.deepEqual(summaryOf(start), { stage: 'mail', failure: 'reply', code: 530, tryNextHost: false });
  await start.closed;
});

for (const demand of [
  '450 4.7.1 <Jane@example.test>: Session encryption is required',
  '530 5.7.0 Must issue a STARTTLS command first',
]) {
  test(`"${demand}" at RCPT is no answer about the recipient; the session is over and ends with QUIT`, async () => {
    const server = await serve(async (peer) => {
      await peer.upToMail('250-mx.host.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n');
      await peer.expect(/^RCPT/);
      await peer.expect(/^RCPT/);
      await peer.send(`${demand}\r\n${demand}\r\n`);
      await peer.answer('QUIT', '221 Bye\r\n');
    });
    const session = await openReady(server);
    const answers = await session.askAll([jane, { ...jane, local: 'john' }]);
    assert.deepEqual(
      answers.map((answer) => `${answer.status} ${answer.status === 'lost' && answer.failure}`),
      ['lost tls', 'lost tls'],
    );
    assert.equal(session.isOpen, false);
    await session.close();
    assert.equal(session.outOfStep, false);
  });
}

test('a refusal over TLS that speaks of TLS is the answer', async () => {
  const context = selfSignedContext();
  const server = await serve(async (peer) => {
    await peer.send('220 mx.host.test ESMTP\r\n');
    await peer.answer(/^EHLO/, TLS_HELLO);
    await peer.answer('STARTTLS', '220 go\r\n');
    await peer.secure(context);
    await peer.answer(/^EHLO/, '250 mx.host.test\r\n');
    await peer.answer(/^MAIL/, '250 Ok\r\n');
    await peer.answer(/^RCPT/, '550 5.7.1 TLS 1.3 required\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const session = await openReady(server, { tls: 'always' });
  const answer = await session.ask(jane);
  assert.equal(answer.status === 'replied' && answer.reply.code, 550);
  await session.close();
});
