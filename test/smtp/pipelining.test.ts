import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jane, john, openReady, serve } from './conversation.ts';

const mary = { local: 'mary', domain: 'example.test', smtputf8: false };
const PIPELINING = '250-host.test\r\n250 PIPELINING\r\n';

test('sends several RCPT at once where PIPELINING is offered, and matches the replies in order', async () => {
  const server = await serve(async (host) => {
    await host.upToMail(PIPELINING);
    // All three are here before the first reply goes out.
    await host.expect('RCPT TO:<Jane@example.test>');
    await host.expect('RCPT TO:<john@example.test>');
    await host.expect('RCPT TO:<mary@example.test>');
    await host.send('250 2.1.5 Ok\r\n550 5.1.1 No', ' such user\r\n', '450 4.2.1 Later\r\n');
    await host.answer('QUIT', '221 Bye\r\n');
    host.close();
  });
  const session = await openReady(server);
  const answers = await session.askAll([jane, john, mary]);
  assert.deepEqual(
    answers.map((answer) => answer.status === 'replied' && answer.reply.code),
    [250, 550, 450],
  );
  await session.close();
  assert.equal(session.outOfStep, false);
});

test('asks one after the other where PIPELINING is not offered', async () => {
  const server = await serve(async (host) => {
    await host.upToMail('250 host.test\r\n');
    await host.expect('RCPT TO:<Jane@example.test>');
    assert.equal(host.received.includes('john'), false, 'the second waits for the first reply');
    await host.send('250 Ok\r\n');
    await host.answer('RCPT TO:<john@example.test>', '550 No\r\n');
    await host.answer('QUIT', '221 Bye\r\n');
    host.close();
  });
  const session = await openReady(server);
  const answers = await session.askAll([jane, john]);
  assert.deepEqual(
    answers.map((answer) => answer.status === 'replied' && answer.reply.code),
    [250, 550],
  );
  await session.close();
});

const ENDINGS: readonly [name: string, sent: string, codes: readonly (number | string)[], outOfStep: boolean][] = [
  [
    'a 421 answers one recipient and ends the session for the rest',
    '250 Ok\r\n421 Too many\r\n',
    [250, 421, 'closed'],
    false,
  ],
  [
    'an unasked 421 behind the last reply leaves the replies good',
    '250 Ok\r\n550 No\r\n550 No\r\n421 Bye\r\n',
    [250, 550, 550],
    false,
  ],
  [
    'nonsense in place of a reply voids what is still owed',
    '250 Ok\r\nhello\r\n',
    [250, 'protocol', 'protocol'],
    false,
  ],
  [
    'one reply too many voids the window',
    '250 Ok\r\n250 Ok\r\n550 No\r\n250 Ok\r\n',
    ['protocol', 'protocol', 'protocol'],
    true,
  ],
];

for (const [name, sent, codes, outOfStep] of ENDINGS) {
  test(name, async () => {
    const server = await serve(async (host) => {
      await host.upToMail(PIPELINING);
      for (let i = 0; i < 3; i += 1) await host.expect(/^RCPT/);
      await host.send(sent);
      host.close();
    });
    const session = await openReady(server);
    const answers = await session.askAll([jane, john, mary]);
    assert.deepEqual(
      answers.map((answer) => (answer.status === 'replied' ? answer.reply.code : answer.failure)),
      codes,
    );
    await session.close();
    assert.equal(session.outOfStep, outOfStep);
  });
}

test('a connection that breaks in the middle of a window loses only what was not answered', async () => {
  const server = await serve(async (host) => {
    await host.upToMail(PIPELINING);
    for (let i = 0; i < 3; i += 1) await host.expect(/^RCPT/);
    await host.send('250 Ok\r\n550 No');
    host.close();
  });
  const session = await openReady(server);
  const answers = await session.askAll([jane, john, mary]);
  assert.deepEqual(
    answers.map((answer) => (answer.status === 'replied' ? answer.reply.code : answer.failure)),
    [250, 'closed', 'closed'],
  );
});
