// Shows by hand-made conversations that the sendmail of these tests says what sendmail says out there.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { reserveNetwork } from '../support/servers/network.ts';
import { requireServers } from '../support/servers/programs.ts';
import { startSendmail } from '../support/servers/sendmail.ts';
import { askRecipients } from '../support/servers/smtp-probe.ts';

const RECIPIENTS: readonly [recipient: string, reply: RegExp][] = [
  ['anna@known.test', /^250 2\.1\.5 <anna@known\.test>\.\.\. Recipient ok$/],
  ['stranger@known.test', /^550 5\.1\.1 <stranger@known\.test>\.\.\. User unknown$/],
  ['anna@elsewhere.test', /^550 5\.7\.1 <anna@elsewhere\.test>\.\.\. Relaying denied/],
];

test('sendmail answers as it was set up', async (t: TestContext) => {
  if (!requireServers(t)) return;
  const network = await reserveNetwork();
  t.after(() => network.release());
  const endpoint = { address: network.address(35), port: network.smtpPort };
  const server = await startSendmail({
    ...endpoint,
    hostname: 'mx.sendmail.test',
    domains: ['known.test'],
    mailboxes: ['anna', 'ben'],
    throttleAfter: 2,
  });
  t.after(() => server.stop());

  await t.test('each recipient gets its own reply', async () => {
    for (const [recipient, reply] of RECIPIENTS)
      assert.match((await askRecipients(endpoint, [recipient])).join(), reply);
  });

  await t.test('two unknown recipients make every later reply of the envelope late', async () => {
    const start = performance.now();
    await askRecipients(endpoint, ['no1@known.test', 'no2@known.test', 'anna@known.test']);
    assert.ok(performance.now() - start >= 1000);
  });
});
