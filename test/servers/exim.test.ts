// Shows by hand-made conversations that the Exim of these tests says what Exim says out there.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startExim } from '../support/servers/exim.ts';
import { reserveNetwork } from '../support/servers/network.ts';
import { requireServers } from '../support/servers/programs.ts';
import { askRecipients, openConversation } from '../support/servers/smtp-probe.ts';
import { startUnbound } from '../support/servers/unbound.ts';

const RECIPIENTS: readonly [recipient: string, reply: RegExp][] = [
  ['anna@known.test', /^250 Accepted$/],
  ['nobody@known.test', /^550 Unrouteable address$/],
  ['nobody@worded.test', /^550 No such user here$/],
  ['anything@everybody.test', /^250 Accepted$/],
  ['anna@ruled.test', /^550 Administrative prohibition$/],
  ['anna@callback.test', /^550-Verification failed for <verify@client\.test>\n550-.*\n550 Sender verify failed$/],
  ['anna@elsewhere.test', /^550 relay not permitted$/],
];

test('Exim answers as it was set up', async (t: TestContext) => {
  if (!requireServers(t)) return;
  const network = await reserveNetwork();
  t.after(() => network.release());
  const plain = { address: network.address(20), port: network.smtpPort };
  const picky = { address: network.address(21), port: network.smtpPort };
  const nameServer = await startUnbound({
    address: network.address(2),
    port: network.dnsPort,
    standardPort: true,
    records: ['known.client.test. A 127.0.0.1', '1.0.0.127.in-addr.arpa. PTR known.client.test.'],
  });
  t.after(() => nameServer.stop());
  const server = await startExim({
    hostname: 'mx.exim.test',
    listeners: [plain, { ...picky, verifyHelo: true }],
    domains: [
      { name: 'known.test', mailboxes: ['anna', 'ben'] },
      { name: 'worded.test', mailboxes: ['anna'], unknownUser: 'No such user here' },
      { name: 'everybody.test', mailboxes: 'everybody' },
      { name: 'ruled.test', mailboxes: ['anna'], refuses: 'by rule' },
      { name: 'callback.test', mailboxes: ['anna'], refuses: 'sender' },
    ],
    nameServer: network.address(2),
  });
  t.after(() => server.stop());

  await t.test('each recipient gets its own reply, and the log names it', async () => {
    for (const [recipient, reply] of RECIPIENTS) assert.match((await askRecipients(plain, [recipient])).join(), reply);
    assert.deepEqual(
      await server.askedRecipients(),
      RECIPIENTS.map(([recipient]) => recipient),
    );
  });

  for (const [caller, reply] of [
    ['stranger.client.test', /^550 EHLO argument does not match calling host$/],
    ['known.client.test', /^250-mx\.exim\.test Hello /],
  ] as const) {
    await t.test(`EHLO ${caller} gets ${reply.source} where the caller's name is looked up`, async () => {
      const conversation = await openConversation(picky);
      assert.match(await conversation.say(`EHLO ${caller}`), reply);
      conversation.close();
    });
  }
});
