// Shows by hand-made conversations that the Postfix of these tests says what Postfix says out there.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type LoopbackNetwork, reserveNetwork } from '../support/servers/network.ts';
import { type PostfixServer, startPostfix } from '../support/servers/postfix.ts';
import { startPostgrey } from '../support/servers/postgrey.ts';
import { requireServers } from '../support/servers/programs.ts';
import { askRecipients, openConversation } from '../support/servers/smtp-probe.ts';

const MAIL = 'MAIL FROM:<verify@client.test>';

const RECIPIENTS: readonly [recipient: string, reply: RegExp][] = [
  ['user7@known.test', /^250 2\.1\.5 Ok$/],
  ['USER7@known.test', /^250 2\.1\.5 Ok$/],
  ['nobody@known.test', /^550 5\.1\.1 <nobody@known\.test>: Recipient address rejected: User unknown in virtual/],
  ['full@known.test', /^552 5\.2\.2 .*Mailbox full$/],
  ['closed@known.test', /^550 5\.2\.1 .*This account is disabled$/],
  ['anything@everybody.test', /^250 2\.1\.5 Ok$/],
  ['user@elsewhere.test', /^554 5\.7\.1 <user@elsewhere\.test>: Relay access denied$/],
  ['user7%known.test@known.test', /^554 5\.7\.1 .*Relay access denied$/],
  ['user@grey.test', /^450 4\.2\.0 <user@grey\.test>: Recipient address rejected: Greylisted, see /],
  ['nobody@grey.test', /^450 4\.2\.0 .*Greylisted/],
];

const LISTENERS = {
  plain: 10,
  threeRecipients: 11,
  hardErrors: 12,
  blocking: 13,
  softBounce: 14,
  encrypting: 15,
  postscreen: 16,
} as const;

test('Postfix answers as it was set up', async (t: TestContext) => {
  if (!requireServers(t)) return;
  const network = await reserveNetwork();
  t.after(() => network.release());
  const at = (name: keyof typeof LISTENERS) => ({
    address: network.address(LISTENERS[name]),
    port: network.smtpPort,
  });
  const server = await startServers(t, network, at);

  await t.test('each recipient gets its own reply', async () => {
    for (const [recipient, reply] of RECIPIENTS)
      assert.match((await askRecipients(at('plain'), [recipient])).join(), reply);
  });

  await t.test('a greylisted recipient passes when it comes back after the wait', async () => {
    let reply = '450';
    while (reply.startsWith('450')) [reply = ''] = await askRecipients(at('plain'), ['user@grey.test']);
    assert.equal(reply, '250 2.1.5 Ok');
    assert.match((await askRecipients(at('plain'), ['nobody@grey.test'])).join(), /^550 5\.1\.1 /);
  });

  await t.test('a transaction may have only so many recipients', async () => {
    const replies = await askRecipients(at('threeRecipients'), ['user1', 'user2', 'user3', 'user4'].map(atKnown));
    assert.deepEqual(replies.slice(2), ['250 2.1.5 Ok', '452 4.5.3 Error: too many recipients']);
  });

  await t.test('too many errors end the session with a reply nobody asked for', async () => {
    const conversation = await openConversation(at('hardErrors'));
    await conversation.say('EHLO probe.client.test');
    await conversation.say(MAIL);
    for (const local of ['no1', 'no2', 'no3'])
      assert.match(await conversation.say(`RCPT TO:<${atKnown(local)}>`), /^550 5\.1\.1 /);
    assert.equal(await conversation.hear(), '421 4.7.0 mx.known.test Error: too many errors');
  });

  await t.test('a caller it does not like is refused at RCPT, whoever is asked for', async () => {
    for (const reply of await askRecipients(at('blocking'), ['user1', 'nobody'].map(atKnown)))
      assert.match(reply, /^554 5\.7\.1 .*Client host rejected: .*blocked using dnsbl\.test/);
  });

  await t.test('soft_bounce makes every refusal temporary', async () => {
    assert.match((await askRecipients(at('softBounce'), ['nobody@known.test'])).join(), /^450 4\.1\.1 .*User unknown/);
  });

  await t.test('STARTTLS is demanded before MAIL where encryption is a must', async () => {
    const conversation = await openConversation(at('encrypting'));
    assert.match(await conversation.say('EHLO probe.client.test'), /^250-STARTTLS$/m);
    assert.equal(await conversation.say(MAIL), '530 5.7.0 Must issue a STARTTLS command first');
    assert.equal(await conversation.say('STARTTLS'), '220 2.0.0 Ready to start TLS');
    conversation.close();
  });

  await t.test('postscreen makes the caller wait for the end of its banner', async () => {
    const conversation = await openConversation(at('postscreen'));
    t.after(() => conversation.close());
    assert.match(conversation.banner, /^220-mx\.known\.test .*\n220 mx\.known\.test ESMTP/);
  });

  await t.test('the log names every recipient it was asked for', async () => {
    const log = await server.log();
    assert.ok(log.some((line) => line.includes('asked;') && line.includes('to=<user7@known.test>')));
    assert.ok(log.some((line) => line.includes('too many errors after RCPT')));
  });

  await t.test('nothing of it is left when it has stopped', async () => {
    await server.stop();
    assert.throws(() => process.kill(server.pid, 0), { code: 'ESRCH' });
    await assert.rejects(openConversation(at('plain')), { code: 'ECONNREFUSED' });
    assert.ok(!existsSync(server.folder));
  });
});

async function startServers(
  t: TestContext,
  network: LoopbackNetwork,
  at: (name: keyof typeof LISTENERS) => { address: string; port: number },
): Promise<PostfixServer> {
  const policyService = { address: network.address(9), port: network.policyPort };
  const postgrey = await startPostgrey({ ...policyService, delaySeconds: 1 });
  t.after(() => postgrey.stop());
  const dnsbl = '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using dnsbl.test';
  const server = await startPostfix({
    hostname: 'mx.known.test',
    listeners: [
      at('plain'),
      { ...at('threeRecipients'), settings: { smtpd_recipient_limit: '3' } },
      { ...at('hardErrors'), settings: { smtpd_hard_error_limit: '3', smtpd_soft_error_limit: '3' } },
      { ...at('blocking'), settings: { smtpd_client_restrictions: `check_client_access static:{${dnsbl}}` } },
      { ...at('softBounce'), settings: { soft_bounce: 'yes' } },
      { ...at('encrypting'), settings: { smtpd_tls_security_level: 'encrypt' } },
      { ...at('postscreen'), postscreen: true, settings: { postscreen_greet_wait: '1s' } },
    ],
    domains: [
      { name: 'known.test', mailboxes: [...names(1000), 'full', 'closed'] },
      { name: 'everybody.test', mailboxes: 'everybody' },
      { name: 'grey.test', mailboxes: ['user'] },
    ],
    recipientActions: new Map([
      ['full@known.test', '552 5.2.2 Mailbox full'],
      ['closed@known.test', '550 5.2.1 This account is disabled'],
    ]),
    greylist: { domains: ['grey.test'], policyService },
  });
  t.after(() => server.stop());
  return server;
}

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `user${i}`);
}

function atKnown(local: string): string {
  return `${local}@known.test`;
}
