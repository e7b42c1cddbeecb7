// Tests src/dns/provider.ts and its table: a host of each kind, and that no row hides behind another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerOf } from '../../src/dns/provider.ts';
import { PROVIDERS, type ProviderRow } from '../../src/dns/provider-table.ts';

/** Host, key, label, kind. */
const cases: [string, string, string, string][] = [
  ['aspmx.l.google.com', 'google.com', 'google', 'mailbox'],
  ['ASPMX2.GoogleMail.com.', 'googlemail.com', 'google', 'mailbox'],
  ['smtp.goog', 'smtp.goog', 'google', 'mailbox'],
  ['example-test.mail.protection.outlook.com', 'outlook.com', 'microsoft', 'mailbox'],
  ['hotmail-com.olc.protection.outlook.com', 'outlook.com', 'microsoft', 'mailbox'],
  ['example.j-v1.mx.microsoft', 'mx.microsoft', 'microsoft', 'mailbox'],
  ['mta5.am0.yahoodns.net', 'yahoodns.net', 'yahoo', 'mailbox'],
  ['mx01.mail.icloud.com', 'icloud.com', 'apple', 'mailbox'],
  ['emx.mail.ru', 'mail.ru', 'mailru', 'mailbox'],
  ['mx.yandex.net', 'yandex.net', 'yandex', 'mailbox'],
  ['mxbiz1.qq.com', 'qq.com', 'tencent', 'mailbox'],
  ['mx00.ionos.co.uk', 'ionos.co.uk', 'ionos', 'mailbox'],
  ['mx00.1and1.com', '1and1.com', 'ionos', 'mailbox'],
  ['eu-smtp-inbound-1.mimecast.com', 'mimecast.com', 'mimecast', 'gateway'],
  ['za-smtp-inbound-1.mimecast.co.za', 'mimecast.co.za', 'mimecast', 'gateway'],
  ['mxa-00000001.gslb.pphosted.com', 'pphosted.com', 'proofpoint', 'gateway'],
  ['mx.spamexperts.eu', 'spamexperts.eu', 'spamexperts', 'gateway'],
  ['inbound-smtp.us-east-1.amazonaws.com', 'amazonaws.com', 'amazon-ses', 'forwarder'],
  ['ec2-1-2-3-4.compute-1.amazonaws.com', 'amazonaws.com', 'other', 'other'],
  ['route1.mx.cloudflare.net', 'cloudflare.net', 'cloudflare', 'forwarder'],
  ['www.cloudflare.net', 'cloudflare.net', 'other', 'other'],
  ['notgoogle.com', 'notgoogle.com', 'other', 'other'],
  ['google.com.evil.test', 'evil.test', 'other', 'other'],
  ['mx1.big.test', 'big.test', 'other', 'other'],
  ['mail.customer.co.uk', 'customer.co.uk', 'other', 'other'],
  ['site.github.io', 'github.io', 'other', 'other'],
  ['127.0.0.5', '127.0.0.5', 'other', 'other'],
  ['localhost', 'localhost', 'other', 'other'],
  ['', '', 'other', 'other'],
  ['__proto__', '__proto__', 'other', 'other'],
];
for (const [host, key, label, kind] of cases) {
  test(`${host} belongs to ${label}, key ${key}`, () => {
    const provider = providerOf(host);
    assert.deepEqual([provider.key, provider.label, provider.kind], [key, label, kind]);
  });
}

test('what is known of an operator comes with it', () => {
  assert.equal(providerOf('mta5.am0.yahoodns.net').acceptanceProvesNothing, true);
  assert.equal(providerOf('a.olc.protection.outlook.com').oneRecipientPerTransaction, true);
  assert.equal(providerOf('a.mail.protection.outlook.com').oneRecipientPerTransaction, false);
  assert.equal(providerOf('mx.antispamcloud.com').slowReplies, true);
  assert.equal(providerOf('mx1.big.test').acceptanceProvesNothing, false);
});

function sampleHost(row: ProviderRow): string {
  return 'name' in row ? `mx.${row.name}.com` : `${row.startsWith ?? 'mx.'}${row.endsIn}`;
}

test('each row of the table decides for a host of its own', () => {
  for (const row of PROVIDERS) {
    const { label, kind, oneRecipientPerTransaction } = providerOf(sampleHost(row));
    assert.deepEqual(
      { label, kind, oneRecipientPerTransaction },
      {
        label: row.label,
        kind: row.kind,
        oneRecipientPerTransaction: row.oneRecipientPerTransaction ?? false,
      },
    );
  }
  const endings = PROVIDERS.map((row) => JSON.stringify('name' in row ? row.name : [row.startsWith, row.endsIn]));
  assert.equal(new Set(endings).size, endings.length, 'no row twice');
  PROVIDERS.forEach((row, i) => {
    if (!('endsIn' in row) || row.startsWith !== undefined) return;
    const hidden = PROVIDERS.slice(i + 1).find((later) => 'endsIn' in later && later.endsIn.endsWith(`.${row.endsIn}`));
    assert.equal(hidden, undefined, 'no row behind a more general one');
  });
});
