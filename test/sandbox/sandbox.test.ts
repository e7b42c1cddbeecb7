// Starting and stopping the sandbox: ports, addresses, clear errors, and room for many hosts and clients at once.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { describeWorld } from '../../src/sandbox/describe-world.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { World } from '../../src/sandbox/world.ts';
import { joinWorlds, people, providerWorld, tailWorld, worldOf } from '../../src/sandbox/world-builders.ts';
import { askDns, RawClient } from './raw-client.ts';

function twoHosts(): World {
  return worldOf({
    hosts: ['a', 'b'].map((name, i) => ({
      name: `mx.${name}.test`,
      addresses: [`127.0.44.${i + 1}`],
      domains: [`${name}.test`],
      mailboxes: people('anna'),
    })),
  });
}

test('all hosts listen on one port, and on nothing else', async () => {
  const sandbox = await startSandbox(twoHosts());
  for (const address of ['127.0.44.1', '127.0.44.2']) {
    const client = await RawClient.connect(sandbox.smtpPort, address);
    assert.match((await client.reply()) ?? '', /^220 mx\./);
    client.destroy();
  }
  const nobody = await RawClient.connect(sandbox.smtpPort, '127.0.44.3');
  assert.equal(await nobody.reply(), null);
  await sandbox.stop();
  const gone = await RawClient.connect(sandbox.smtpPort, '127.0.44.1');
  assert.equal(await gone.reply(), null);
  await sandbox.stop();
});

test('a port that is taken is named in the error', async () => {
  const blocker = net.createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.44.2', () => resolve()));
  const { port } = blocker.address() as net.AddressInfo;
  await assert.rejects(startSandbox(twoHosts(), { smtpPort: port }), (error) => {
    assert.ok(error instanceof MailgateError);
    assert.equal(error.kind, 'network');
    assert.equal(error.message, `port ${port} is taken on 127.0.44.2`);
    return true;
  });
  blocker.close();
});

test('a DNS port that is taken leaves no mail host behind', async () => {
  const first = await startSandbox(twoHosts());
  await assert.rejects(startSandbox(twoHosts(), { dnsPort: first.dns.port }));
  await first.stop();
  const again = await startSandbox(twoHosts(), { smtpPort: first.smtpPort });
  await again.stop();
});

test('hosts beyond loopback, and two hosts at one address, are mistakes of the world', async () => {
  const [host] = twoHosts().hosts;
  assert.ok(host);
  await assert.rejects(startSandbox(worldOf({ hosts: [{ ...host, addresses: ['192.0.2.1'] }] })), /loopback only/);
  await assert.rejects(
    startSandbox(worldOf({ hosts: [host, { ...host, name: 'mx.c.test' }] })),
    /both claim 127\.0\.44\.1/,
  );
});

test('two thousand domains on two hundred machines start and stop in a moment', async () => {
  const world = tailWorld({ domains: 2000, addresses: 200, behaviour: { mailboxes: (local) => local === 'anna' } });
  const sandbox = await startSandbox(world, { keepCommands: false });
  const reply = await askDns({ port: sandbox.dns.port, name: 't1999-tail.test', type: 'MX' });
  const answer = reply?.packet.answers?.[0];
  assert.equal(answer?.type === 'MX' ? answer.data.exchange : null, 'mx.t1999-tail.test');
  const address = await askDns({ port: sandbox.dns.port, name: 'mx.t1999-tail.test', type: 'A' });
  const machine = address?.packet.answers?.[0];
  const client = await RawClient.connect(sandbox.smtpPort, machine?.type === 'A' ? machine.data : '');
  await client.greet();
  assert.match((await client.ask('RCPT TO:<anna@t1999-tail.test>')) ?? '', /^250/);
  assert.match((await client.ask('RCPT TO:<zoe@t1999-tail.test>')) ?? '', /^550/);
  client.destroy();
  await sandbox.stop();
});

test('a thousand connections at once are served and counted', async () => {
  const host = { name: 'mx.big.test', provider: 'big', addresses: ['127.0.44.5'], mailboxes: people('anna') };
  const sandbox = await startSandbox(providerWorld({ domains: 300, host }), { keepCommands: false });
  const clients = await Promise.all(
    Array.from({ length: 1000 }, () => RawClient.connect(sandbox.smtpPort, '127.0.44.5')),
  );
  await Promise.all(clients.map((client) => client.reply()));
  assert.equal(sandbox.record.byProvider.get('big')?.max, 1000);
  const replies = await Promise.all(clients.map((client) => client.ask('QUIT')));
  assert.ok(replies.every((reply) => reply?.startsWith('221')));
  assert.equal(sandbox.record.overall.now, 0);
  await sandbox.stop();
});

test('worlds can be joined, the later one holding where names meet', async () => {
  const joined = joinWorlds(twoHosts(), { hosts: [], zones: [{ name: 'a.test', mood: { rcode: 'SERVFAIL' } }] });
  const sandbox = await startSandbox(joined);
  assert.equal((await askDns({ port: sandbox.dns.port, name: 'a.test', type: 'MX' }))?.rcode, 'SERVFAIL');
  assert.equal((await askDns({ port: sandbox.dns.port, name: 'b.test', type: 'MX' }))?.rcode, 'NOERROR');
  await sandbox.stop();
});

test('a world describes how to reach it and what to try', () => {
  const host = { name: 'mx.a.test', addresses: ['127.0.44.1'], domains: ['a.test'], fatesByName: true };
  const samples = [{ address: 'anna@a.test', gives: 'valid' }];
  const lines = describeWorld(worldOf({ hosts: [host], samples }), {
    dns: { address: '127.0.0.1', port: 5353 },
    smtpPort: 2525,
  });
  const text = lines.join('\n');
  assert.match(text, /--dns 127\.0\.0\.1:5353 --port 2525 --allow-private --allow-reserved/);
  assert.match(text, /anna@a\.test +valid/);
  assert.match(text, /greylist@a\.test +greylisted at the first try/);
});
