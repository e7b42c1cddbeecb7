// Shows by hand-made conversations that the OpenSMTPD of these tests says what OpenSMTPD says out there.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { reserveNetwork } from '../support/servers/network.ts';
import { startOpenSmtpd } from '../support/servers/opensmtpd.ts';
import { requireServers } from '../support/servers/programs.ts';
import { askRecipients, openConversation } from '../support/servers/smtp-probe.ts';

const RECIPIENTS: readonly [recipient: string, reply: RegExp][] = [
  ['anna@virtual.test', /^250 2\.1\.5 Destination address valid: Recipient ok$/],
  ['nobody@virtual.test', /^524 5\.2\.4 Mailing list expansion problem: <nobody@virtual\.test>$/],
  ['anna@accounts.test', /^250 2\.1\.5 /],
  ['nobody@accounts.test', /^550 Invalid recipient: <nobody@accounts\.test>$/],
  ['anything@everybody.test', /^250 2\.1\.5 /],
  ['anna@elsewhere.test', /^550 Invalid recipient: <anna@elsewhere\.test>$/],
];

test('OpenSMTPD answers as it was set up', async (t: TestContext) => {
  if (!requireServers(t)) return;
  const network = await reserveNetwork();
  t.after(() => network.release());
  const endpoint = { address: network.address(30), port: network.smtpPort };
  const server = await startOpenSmtpd({
    ...endpoint,
    hostname: 'mx.opensmtpd.test',
    domains: [
      { name: 'virtual.test', mailboxes: ['anna', 'ben'] },
      { name: 'accounts.test', mailboxes: ['anna'], accounts: true },
      { name: 'everybody.test', mailboxes: 'everybody' },
    ],
  });
  t.after(() => server.stop());

  await t.test('each recipient gets its own reply', async () => {
    for (const [recipient, reply] of RECIPIENTS)
      assert.match((await askRecipients(endpoint, [recipient])).join(), reply);
  });

  await t.test('it does not offer PIPELINING', async () => {
    const conversation = await openConversation(endpoint);
    const extensions = await conversation.say('EHLO probe.client.test');
    conversation.close();
    assert.match(extensions, /^250-mx\.opensmtpd\.test Hello /);
    assert.doesNotMatch(extensions, /PIPELINING/);
  });
});
