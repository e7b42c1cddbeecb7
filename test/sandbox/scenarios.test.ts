// The 21 scenarios: each domain shows on the wire, or in DNS, just the situation it is named after.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { SCENARIOS, scenarioWorld } from '../../src/sandbox/scenarios.ts';
import { askDns, RawClient } from './raw-client.ts';

let sandbox: Sandbox;
before(async () => {
  sandbox = await startSandbox(scenarioWorld());
});
after(() => sandbox.stop());

test('there are 21, of 21 names, and each allows some statuses but not all', () => {
  assert.equal(SCENARIOS.length, 21);
  assert.equal(new Set(SCENARIOS.map((scenario) => scenario.address)).size, 21);
  for (const { statuses } of SCENARIOS) assert.ok(statuses.length >= 1 && statuses.length <= 2);
});

/** Replies to banner, MAIL and RCPT; null where the connection ended. */
const DIALOGUES: Readonly<Record<string, readonly [banner: RegExp | null, mail: RegExp | null, rcpt: RegExp | null]>> =
  {
    ok: [/^220/, /^250/, /^250/],
    unknown: [/^220/, /^250/, /^550 5\.1\.1/],
    'unknown-multiline': [/^220/, /^250/, /^550-5\.1\.1 .*\n550-5\.1\.1 .*\n550 5\.1\.1/],
    'unknown-with-250': [/^220/, /^250/, /^550 .*250/],
    greylisted: [/^220/, /^250/, /^450/],
    'full-for-now': [/^220/, /^250/, /^452 4\.2\.2/],
    'busy-at-rcpt': [/^220/, /^250/, /^421/],
    'drop-at-rcpt': [/^220/, /^250/, null],
    'busy-banner': [/^421/, null, null],
    'client-blocked': [/^220/, /^250/, /^554 5\.7\.1/],
    'poor-reputation': [/^220/, /^250/, /^550 5\.7\.1/],
    'sender-refused': [/^220/, /^550 5\.7\.1/, /^503/],
    full: [/^220/, /^250/, /^552 5\.2\.2/],
    'split-reply': [/^220/, /^250/, /^250/],
    'multiline-250': [/^220/, /^250/, /^250-.*\n250 /],
    'multiline-banner': [/^220-.*\n220-.*\n220 /, /^250/, /^250/],
    'catch-all': [/^220/, /^250/, /^250/],
  };

for (const [name, expected] of Object.entries(DIALOGUES)) {
  test(`${name} is what it says on the wire`, async () => {
    const scenario = SCENARIOS.find((each) => each.name === name);
    assert.ok(scenario);
    const client = await connectTo(scenario.address);
    const [banner, , mail] = await client.greet();
    const replies = [banner, mail, await client.ask(`RCPT TO:<${scenario.address}>`)];
    expected.forEach((pattern, i) => {
      if (pattern === null) assert.equal(replies[i], null);
      else assert.match(replies[i] ?? 'nothing', pattern);
    });
    client.destroy();
  });
}

test('silent, nobody-listens, servfail and nxdomain fail in their own ways', async () => {
  const silent = await connectTo('anna@scenario-silent.test');
  silent.send('QUIT\r\n');
  await sandbox.record.until((record) => record.verbs.get('QUIT') === 1);
  assert.equal(silent.received, '');
  silent.destroy();
  assert.ok((await connectTo('anna@scenario-nobody-listens.test')).socket.destroyed);
  const ask = (name: string) => askDns({ port: sandbox.dns.port, name, type: 'MX' });
  assert.equal((await ask('scenario-servfail.test'))?.rcode, 'SERVFAIL');
  assert.equal((await ask('scenario-nxdomain.test'))?.rcode, 'NXDOMAIN');
});

async function connectTo(address: string): Promise<RawClient> {
  const domain = address.slice(address.indexOf('@') + 1);
  const reply = await askDns({ port: sandbox.dns.port, name: `mx.${domain}`, type: 'A' });
  const answer = reply?.packet.answers?.[0];
  return RawClient.connect(sandbox.smtpPort, answer?.type === 'A' ? answer.data : '');
}
