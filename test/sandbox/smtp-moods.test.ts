// The mail hosts of the sandbox: each mood behaves on the wire as its name says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MOODS } from '../../src/sandbox/moods.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { MailHost, Mood } from '../../src/sandbox/world.ts';
import { mailboxes, worldOf } from '../../src/sandbox/world-builders.ts';
import { RawClient } from './raw-client.ts';

const MOOD_NAMES = Object.keys(MOODS) as (keyof typeof MOODS)[];
const addressOf = new Map(MOOD_NAMES.map((name, i) => [name, `127.0.41.${i + 1}`]));

/** Every mood is the domain `a.test` on an address of its own, with the mailbox `anna` and others. */
const hosts: MailHost[] = MOOD_NAMES.map((name) => ({
  ...(MOODS[name] as Mood),
  name: `${name.toLowerCase()}.test`,
  addresses: [addressOf.get(name) as string],
  domains: ['a.test', 'b.test'],
  mailboxes: mailboxes([
    ['anna', 'ok'],
    ['ben', 'ok'],
    ['mülle', 'ok'],
    ['joe "x" smith', 'ok'],
  ]),
}));

let sandbox: Sandbox;
before(async () => {
  sandbox = await startSandbox(worldOf({ hosts }));
});
after(() => sandbox.stop());

function connect(mood: keyof typeof MOODS): Promise<RawClient> {
  return RawClient.connect(sandbox.smtpPort, addressOf.get(mood) as string);
}

/** Replies to RCPT for the given local parts at a.test, in one session. */
async function ask(mood: keyof typeof MOODS, ...locals: string[]): Promise<(string | null)[]> {
  const client = await connect(mood);
  await client.greet('me@client.test');
  const replies: (string | null)[] = [];
  for (const local of locals) replies.push(await client.ask(`RCPT TO:<${local}@a.test>`));
  client.destroy();
  return replies;
}

const recipientCases: readonly [mood: keyof typeof MOODS, locals: string[], starts: (string | null)[], why: string][] =
  [
    [
      'plain',
      ['anna', 'zoe', 'ANNA', 'postmaster'],
      ['250', '550 5.1.1', '250', '250'],
      'a plain host tells names apart',
    ],
    ['plain', ['"joe \\"x\\" smith"', '"anna"'], ['250', '250'], 'quoting is taken off before the look-up'],
    ['plain', ['müller', 'bad..dots'], ['553 5.6.7', '501 5.1.3'], 'no UTF-8 without SMTPUTF8, no broken dot-string'],
    ['catchAll', ['anna', 'zoe'], ['250', '250'], 'a catch-all takes everybody'],
    ['pickyCatchAll', ['zoe', 'qwkjzhnvbtr', 'rare.name'], ['250', '550', '250'], 'a picky one refuses random names'],
    ['acceptsAllAfterTwoRefusals', ['x', 'y', 'z'], ['550', '550', '250'], 'the trap shuts after two refusals'],
    ['defersAllAfterThreeRefusals', ['x', 'y', 'z', 'anna'], ['550', '550', '550', '451'], 'nobody is served any more'],
    ['blockedAtRcpt', ['anna', 'zoe'], ['554 5.7.1', '554 5.7.1'], 'the same policy refusal for all'],
    ['calloutFailed', ['anna'], ['550-Verification failed for <me@client.test>\n550-No Such'], 'sender words'],
    ['greylisting', ['anna', 'zoe', 'postmaster'], ['450 4.2.0', '450 4.2.0', '250'], 'strangers wait, known or not'],
    ['oneRecipientATransaction', ['anna', 'ben'], ['250', '452 4.5.3'], 'a second recipient is too many'],
    ['eightRecipientsASession', [...'12345678', 'anna'], [...Array<string>(8).fill('550'), '421'], '421 after eight'],
    ['postfixUnderStress', ['zoe', 'anna'], ['550', '421 4.7.0'], 'one error, then an unasked 421'],
    ['dropsAtRcpt', ['anna'], [null], 'closed without a word'],
    ['resetsAtRcpt', ['anna'], [null], 'reset without a word'],
    ['busyAtRcpt', ['anna', 'ben'], ['421', null], '421 and gone'],
    ['splitReplies', ['anna', 'zoe'], ['250', '550'], 'replies in two segments read the same'],
    ['byteByByte', ['anna'], ['250'], 'and byte by byte too'],
    ['bareLineFeeds', ['anna'], ['250'], 'and without carriage returns'],
    ['noPipelining', ['zoe'], ['550 Invalid recipient'], "OpenSMTPD's words carry no enhanced code"],
    ['eximSync', ['zoe'], ['550 Unrouteable address'], "nor do Exim's"],
    ['multilineBanner', ['anna'], ['250'], 'a banner of three lines'],
    ['noEhlo', ['anna'], ['503'], 'without a greeting that was taken nothing goes'],
  ];

for (const [mood, locals, starts, why] of recipientCases) {
  test(`${mood} answers ${locals.join(' ')} with ${starts.join(' ')}: ${why}`, async () => {
    const replies = await ask(mood, ...locals);
    assert.equal(replies.length, starts.length);
    starts.forEach((start, i) => {
      const reply = replies[i];
      if (start === null) assert.equal(reply, null);
      else assert.ok(reply?.startsWith(start), `${reply} should start with ${start}`);
    });
  });
}

const firstWords: readonly [
  mood: keyof typeof MOODS,
  banner: string | null,
  ehlo: string | null,
  mail: string | null,
][] = [
  ['blockedAtBanner', '554 5.7.1', '503 5.7.0', '503 5.7.0'],
  ['retiredHost', '521', '503', '503'],
  ['busyAtBanner', '421', null, null],
  ['dropsAtBanner', null, null, null],
  ['resetsAtBanner', null, null, null],
  ['blockedAtEhlo', '220', '550', '503'],
  ['noEhlo', '220', '502', '503'],
  ['blockedAtMail', '220', '250-', '550 5.7.1'],
  ['senderRejected', '220', '250-', '550 5.1.8'],
  ['tlsRequired', '220', '250-', '530 5.7.0'],
  ['dropsAtMail', '220', '250-', null],
  ['postscreen', '220-postscreen.test ESMTP Sandbox\n220 ', '250-', '250'],
];

for (const [mood, ...expected] of firstWords) {
  test(`${mood} greets with ${expected.join(', ')}`, async () => {
    const client = await connect(mood);
    const replies = await client.greet();
    expected.forEach((start, i) => {
      if (start === null) assert.equal(replies[i], null);
      else assert.ok(replies[i]?.startsWith(start), `${replies[i]} should start with ${start}`);
    });
    client.destroy();
  });
}

test('EHLO shows what is offered, or nothing at all', async () => {
  const plain = await connect('plain');
  await plain.reply();
  const offers = await plain.ask('EHLO client.test');
  assert.match(offers ?? '', /^250-plain\.test\n250-PIPELINING\n(250-.*\n)*250 8BITMIME$/);
  const bare = await connect('bareEhlo');
  await bare.reply();
  assert.equal(await bare.ask('EHLO client.test'), '250 bareehlo.test');
  const utf8 = await connect('smtputf8');
  await utf8.reply();
  assert.match((await utf8.ask('EHLO client.test')) ?? '', /SMTPUTF8/);
  for (const client of [plain, bare, utf8]) client.destroy();
});

test('HELO works where EHLO does not', async () => {
  const client = await connect('noEhlo');
  await client.reply();
  assert.match((await client.ask('EHLO client.test')) ?? '', /^502/);
  assert.match((await client.ask('HELO client.test')) ?? '', /^250 /);
  assert.match((await client.ask('MAIL FROM:<>')) ?? '', /^250/);
  assert.match((await client.ask('RCPT TO:<anna@a.test>')) ?? '', /^250/);
  client.destroy();
});

test('an address beyond ASCII is taken where SMTPUTF8 is offered and declared', async () => {
  const client = await connect('smtputf8');
  await client.greet();
  assert.match((await client.ask('RCPT TO:<mülle@a.test>')) ?? '', /^553 5\.6\.7/);
  await client.ask('RSET');
  assert.match((await client.ask('MAIL FROM:<> SMTPUTF8')) ?? '', /^250/);
  assert.match((await client.ask('RCPT TO:<mülle@a.test>')) ?? '', /^250/);
  assert.match((await client.ask('RCPT TO:<jörg@a.test>')) ?? '', /^550/);
  client.destroy();
  const plain = await connect('plain');
  await plain.greet();
  await plain.ask('RSET');
  assert.match((await plain.ask('MAIL FROM:<> SMTPUTF8')) ?? '', /^555/);
  plain.destroy();
});

test('STARTTLS leads through a real handshake to a fresh dialogue', async () => {
  const client = await connect('tlsRequired');
  await client.greet();
  assert.match((await client.ask('STARTTLS')) ?? '', /^220/);
  await client.secure();
  assert.match((await client.ask('MAIL FROM:<>')) ?? '', /^503/, 'the greeting is forgotten');
  const offers = await client.ask('EHLO client.test');
  assert.doesNotMatch(offers ?? '', /STARTTLS/);
  assert.match((await client.ask('MAIL FROM:<>')) ?? '', /^250/);
  assert.match((await client.ask('RCPT TO:<anna@a.test>')) ?? '', /^250/);
  assert.match((await client.ask('QUIT')) ?? '', /^221/);
  client.destroy();
});

test('STARTTLS can be refused, broken, or carry an injected reply', async () => {
  const refused = await connect('tlsRefused');
  await refused.greet();
  assert.match((await refused.ask('STARTTLS')) ?? '', /^454/);
  refused.destroy();

  const broken = await connect('tlsBroken');
  await broken.greet();
  assert.match((await broken.ask('STARTTLS')) ?? '', /^220/);
  await assert.rejects(broken.secure());

  const injecting = await connect('tlsInjection');
  await injecting.greet();
  assert.match((await injecting.ask('STARTTLS')) ?? '', /^220/);
  assert.match((await injecting.reply()) ?? '', /^250/);
  injecting.destroy();
});

test('recipients of two domains do not fit in one transaction where that is the rule', async () => {
  const client = await connect('oneDomainATransaction');
  await client.greet();
  assert.match((await client.ask('RCPT TO:<anna@a.test>')) ?? '', /^250/);
  assert.match((await client.ask('RCPT TO:<anna@b.test>')) ?? '', /^451 4\.3\.0/);
  await client.ask('RSET');
  await client.ask('MAIL FROM:<>');
  assert.match((await client.ask('RCPT TO:<anna@b.test>')) ?? '', /^250/);
  client.destroy();
});

test('a host that does not serve the domain denies relaying', async () => {
  const client = await connect('plain');
  await client.greet();
  assert.match((await client.ask('RCPT TO:<anna@elsewhere.test>')) ?? '', /^554 5\.7\.1 .*Relay access denied/);
  client.destroy();
});

test('a first connection may be turned away and the next one served', async () => {
  const first = await connect('busyOnceAtBanner');
  assert.match((await first.reply()) ?? '', /^421/);
  const second = await connect('busyOnceAtBanner');
  assert.match((await second.reply()) ?? '', /^220/);
  for (const client of [first, second]) client.destroy();
  assert.match((await ask('postscreenDeepTests', 'anna'))[0] ?? '', /^450 4\.3\.2/);
  assert.match((await ask('postscreenDeepTests', 'anna'))[0] ?? '', /^250/);
});

test('a MAIL, RCPT, RSET cycle dies of too many nonmail commands', async () => {
  const client = await connect('eximNonmailLimit');
  await client.reply();
  await client.ask('EHLO client.test');
  let last: string | null = '';
  for (let i = 0; i < 10; i++) last = await client.ask('RSET');
  assert.equal(last, '554 Too many nonmail commands');
  assert.equal(await client.closed(), 'closed');
});

const unreadable: readonly [mood: keyof typeof MOODS, bytes: string][] = [
  ['mixedCodes', '250-2.1.5 fine\r\n550 5.1.1 or not\r\n'],
  ['oddCodes', '999 what a code\r\n'],
  ['shortCode', '25 ok\r\n'],
  ['wordInsteadOfCode', 'OK fine\r\n'],
  ['carriageReturnTricks', '550 5.1.1 no\r250 2.1.5 Ok\r\n'],
  ['formulaText', '550 =HYPERLINK("http://evil.test","No such user")\r\n'],
  ['terminalEscapes', '550 5.1.1 \x1b[2J\x1b]0;owned\x07No such user\x1b[31m\r\n'],
  ['binaryText', '550 5.1.1 \x00\xff\xfe\x80\x81 No such user\r\n'],
  ['unfinishedReply', '250-2.1.5 and then\r\n'],
];

for (const [mood, bytes] of unreadable) {
  test(`${mood} sends exactly its bytes`, async () => {
    const client = await connect(mood);
    await client.greet();
    client.send('RCPT TO:<anna@a.test>\r\n');
    await client.match(/^[^\n]*\n/);
    assert.equal(client.chunks.at(-1), bytes);
    client.destroy();
  });
}

test('a flood goes on past every sensible cap and ends with the client', async () => {
  const client = await connect('endlessLines');
  await client.reply();
  client.send('EHLO client.test\r\n');
  assert.ok(await client.match(/^(?:250-and one more\r\n){5000}/));
  client.destroy();
  const line = await connect('endlessLine');
  assert.ok(await line.match(/^[^\n]{1000000}/));
  line.destroy();
});

test('a silent host keeps the connection and says nothing', async () => {
  const client = await connect('silentBanner');
  client.send('QUIT\r\n');
  await sandbox.record.until((record) =>
    record.connections.some((each) => each.host === 'silentbanner.test' && each.quit),
  );
  assert.deepEqual(client.chunks, []);
  client.destroy();
});
