// The operators of mail hosts that are known by name: one row per ending of a host name, most telling endings first.

/** Where a mailbox is: behind a `gateway` (filter) or `forwarder` the host that knows it stays hidden. */
export type ProviderKind = 'mailbox' | 'gateway' | 'forwarder' | 'other';

export type ProviderRow = {
  readonly label: string;
  readonly kind: ProviderKind;
  readonly acceptanceProvesNothing?: true;
  readonly oneRecipientPerTransaction?: true;
  readonly slowReplies?: true;
} & (
  | {
      /** The host is this name or ends in it, label by label. */
      readonly endsIn: string;
      readonly startsWith?: string;
    }
  | {
      /** The registrable domain without its public suffix: `ionos` stands for ionos.de, ionos.co.uk and so on. */
      readonly name: string;
    }
);

/**
 * First match wins. The source of a row is the operator's own set-up page for customers' MX records unless another is
 * named; all rows were written down on 2026-11-21 from notes about these pages, without a look-up of each.
 */
export const PROVIDERS: readonly ProviderRow[] = [
  // Google Workspace Admin Help, "MX record values": smtp.google.com, older *.l.google.com and *.googlemail.com.
  { endsIn: 'google.com', label: 'google', kind: 'mailbox' },
  { endsIn: 'googlemail.com', label: 'google', kind: 'mailbox' },
  { endsIn: 'smtp.goog', label: 'google', kind: 'mailbox' },
  // MX of hotmail.com, live.com, outlook.com; takes one recipient a transaction (seen by verifiers' authors).
  { endsIn: 'olc.protection.outlook.com', label: 'microsoft', kind: 'mailbox', oneRecipientPerTransaction: true },
  // Microsoft Learn, "Add DNS records to connect your domain"; *.mx.microsoft is the form with DNSSEC.
  { endsIn: 'mail.protection.outlook.com', label: 'microsoft', kind: 'mailbox' },
  { endsIn: 'mx.microsoft', label: 'microsoft', kind: 'mailbox' },
  // MX of yahoo.com, aol.com, att.net; accepts many unknown names at RCPT and refuses them after DATA.
  { endsIn: 'yahoodns.net', label: 'yahoo', kind: 'mailbox', acceptanceProvesNothing: true },
  // Apple Support, "Set up an existing domain with iCloud Mail".
  { endsIn: 'icloud.com', label: 'apple', kind: 'mailbox' },
  // biz.mail.ru help: emx.mail.ru; MX of mail.ru itself: mxs.mail.ru.
  { endsIn: 'mail.ru', label: 'mailru', kind: 'mailbox' },
  // Yandex 360 help: mx.yandex.net; MX of yandex.ru: mx.yandex.ru.
  { endsIn: 'yandex.net', label: 'yandex', kind: 'mailbox' },
  { endsIn: 'yandex.ru', label: 'yandex', kind: 'mailbox' },
  // Tencent Exmail help: mxbiz1.qq.com.
  { endsIn: 'qq.com', label: 'tencent', kind: 'mailbox' },
  // MX of gmx.de, gmx.net and web.de; IONOS help: mx00.ionos.*, older mx00.1and1.*, mx00.kundenserver.de.
  { endsIn: 'gmx.net', label: 'ionos', kind: 'mailbox' },
  { endsIn: 'web.de', label: 'ionos', kind: 'mailbox' },
  { endsIn: 'kundenserver.de', label: 'ionos', kind: 'mailbox' },
  { name: 'ionos', label: 'ionos', kind: 'mailbox' },
  { name: '1and1', label: 'ionos', kind: 'mailbox' },
  // MX of comcast.net and t-online.de: both refuse strangers at the banner (the latter from memory).
  { endsIn: 'comcast.net', label: 'comcast', kind: 'mailbox' },
  { endsIn: 't-online.de', label: 'telekom', kind: 'mailbox' },
  { endsIn: 'secureserver.net', label: 'godaddy', kind: 'mailbox' },
  { endsIn: 'ovh.net', label: 'ovh', kind: 'mailbox' },
  { endsIn: 'emailsrvr.com', label: 'rackspace', kind: 'mailbox' },
  { endsIn: 'privateemail.com', label: 'namecheap', kind: 'mailbox' },
  // Zoho Mail help, one name per data centre.
  { endsIn: 'zoho.com', label: 'zoho', kind: 'mailbox' },
  { endsIn: 'zoho.eu', label: 'zoho', kind: 'mailbox' },
  { endsIn: 'zoho.in', label: 'zoho', kind: 'mailbox' },
  { endsIn: 'protonmail.ch', label: 'proton', kind: 'mailbox' },
  { endsIn: 'messagingengine.com', label: 'fastmail', kind: 'mailbox' },
  { endsIn: 'mailbox.org', label: 'mailbox', kind: 'mailbox' },

  // Gateways: they filter for a mailbox host that stays hidden, and often accept everything or judge the caller first.
  { endsIn: 'pphosted.com', label: 'proofpoint', kind: 'gateway' },
  { endsIn: 'ppe-hosted.com', label: 'proofpoint', kind: 'gateway' },
  // Mimecast help lists a host per region; mimecast.co.za is one under another suffix.
  { name: 'mimecast', label: 'mimecast', kind: 'gateway' },
  { name: 'mimecast-offshore', label: 'mimecast', kind: 'gateway' },
  { endsIn: 'barracudanetworks.com', label: 'barracuda', kind: 'gateway' },
  { endsIn: 'iphmx.com', label: 'cisco', kind: 'gateway' },
  { endsIn: 'messagelabs.com', label: 'symantec', kind: 'gateway' },
  { endsIn: 'trendmicro.com', label: 'trendmicro', kind: 'gateway' },
  { endsIn: 'trendmicro.eu', label: 'trendmicro', kind: 'gateway' },
  { name: 'hornetsecurity', label: 'hornetsecurity', kind: 'gateway' },
  // N-able Mail Assure and its parents: replies to RCPT were seen to take 30 s, accepting everything is common.
  { endsIn: 'antispamcloud.com', label: 'spamexperts', kind: 'gateway', slowReplies: true },
  { name: 'spamexperts', label: 'spamexperts', kind: 'gateway', slowReplies: true },

  // Forwarders: an acceptance says little about a mailbox.
  // AWS docs, "Amazon SES endpoints": inbound-smtp.<region>.amazonaws.com; other names there are anybody's machines.
  { endsIn: 'amazonaws.com', startsWith: 'inbound-smtp.', label: 'amazon-ses', kind: 'forwarder' },
  // Cloudflare docs, "Email Routing": route1.mx.cloudflare.net.
  { endsIn: 'mx.cloudflare.net', label: 'cloudflare', kind: 'forwarder' },
  { endsIn: 'improvmx.com', label: 'improvmx', kind: 'forwarder' },
  { endsIn: 'forwardemail.net', label: 'forwardemail', kind: 'forwarder' },
];
