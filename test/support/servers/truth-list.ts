// The list that the product must clean without one wrong row: 1,000 addresses in the world of real servers, and the truth.
import type { Reason } from '../../../src/verdict.ts';
import { KNOWN_NAMES, MANY_KNOWN_NAMES } from './mail-world.ts';

export interface TruthRow {
  readonly address: string;
  readonly reason: Reason;
}

const LENGTH = 1000;

/** Names that exist nowhere but where everybody does. */
const UNKNOWN_NAMES: readonly string[] = Array.from({ length: 120 }, (_, i) => `former.customer${i + 1}`);

/** What becomes of names that exist and of names that do not, and how many of each are on the list. */
const DOMAINS: readonly [domain: string, known: number, ofKnown: Reason, unknown: number, ofUnknown: Reason][] = [
  // It speaks to nobody in clear, so STARTTLS comes first.
  ['encrypting.test', 20, 'accepted', 15, 'mailbox_not_found'],
  ['postscreen.test', 15, 'accepted', 10, 'mailbox_not_found'],
  ['dead-first.test', 25, 'accepted', 0, 'mailbox_not_found'],
  ['implicit.test', 10, 'accepted', 10, 'mailbox_not_found'],
  ['alias.test', 10, 'accepted', 5, 'mailbox_not_found'],
  ['exim-known.test', 30, 'accepted', 20, 'mailbox_not_found'],
  ['opensmtpd-virtual.test', 20, 'accepted', 15, 'mailbox_not_found'],
  ['opensmtpd-accounts.test', 20, 'accepted', 15, 'mailbox_not_found'],
  ['sendmail-known.test', 30, 'accepted', 20, 'mailbox_not_found'],
  ['everybody.test', 0, 'accepts_anything', 60, 'accepts_anything'],
  ['exim-everybody.test', 0, 'accepts_anything', 15, 'accepts_anything'],
  ['opensmtpd-everybody.test', 0, 'accepts_anything', 15, 'accepts_anything'],
  ['troubled.test', 10, 'accepted', 3, 'mailbox_not_found'],
  ['soft-bounce.test', 5, 'accepted', 5, 'temporary_failure'],
  ['grey.test', 10, 'greylisted', 5, 'greylisted'],
  ['blocking.test', 5, 'blocked', 5, 'blocked'],
  ['exim-picky.test', 3, 'blocked', 2, 'blocked'],
  ['exim-rule.test', 3, 'blocked', 2, 'blocked'],
  ['exim-sender.test', 3, 'sender_rejected', 2, 'sender_rejected'],
  ['relay-denied.test', 0, 'domain_not_accepted', 10, 'domain_not_accepted'],
  ['exim-relay-denied.test', 0, 'domain_not_accepted', 5, 'domain_not_accepted'],
  ['sendmail-relay-denied.test', 0, 'domain_not_accepted', 5, 'domain_not_accepted'],
  ['null-mx.test', 0, 'no_mail_service', 10, 'no_mail_service'],
  ['no-records.test', 0, 'no_mail_service', 10, 'no_mail_service'],
  ['dangling.test', 0, 'no_mail_service', 5, 'no_mail_service'],
  ['gone.test', 0, 'domain_not_found', 20, 'domain_not_found'],
  ['servfail.test', 0, 'dns_failure', 5, 'dns_failure'],
  ['refused.test', 0, 'dns_failure', 5, 'dns_failure'],
  ['dead.test', 0, 'connect_failed', 5, 'connect_failed'],
];

const SINGLE_ROWS: readonly TruthRow[] = [
  { address: 'full@troubled.test', reason: 'mailbox_full' },
  { address: 'closed@troubled.test', reason: 'mailbox_disabled' },
  { address: 'full-now@troubled.test', reason: 'temporary_failure' },
];

const SYNTAX_ERRORS: readonly string[] = [
  'no-at-sign.known.test',
  'customer1@',
  '@known.test',
  'customer 1@known.test',
  'customer1@@known.test',
  'customer1@known..test',
  'customer1.@known.test',
  'customer..1@known.test',
  'customer1@-known.test',
  `${'x'.repeat(65)}@known.test`,
  `customer1@${'y'.repeat(64)}.test`,
];

/** The rows in an order that mixes the domains, as lists do; the same at every call. */
export function truthList(): readonly TruthRow[] {
  const rows = [
    ...DOMAINS.flatMap(([domain, known, ofKnown, unknown, ofUnknown]) => [
      ...addresses(KNOWN_NAMES, known, domain, ofKnown),
      ...addresses(UNKNOWN_NAMES, unknown, domain, ofUnknown),
    ]),
    ...SINGLE_ROWS,
    ...SYNTAX_ERRORS.map((address): TruthRow => ({ address, reason: 'syntax' })),
    ...addresses(UNKNOWN_NAMES, 100, 'known.test', 'mailbox_not_found'),
    // The same mailboxes again, typed differently.
    ...addresses(MANY_KNOWN_NAMES, 40, 'KNOWN.Test', 'accepted').map(typedOtherwise),
  ];
  return mixed([...rows, ...addresses(MANY_KNOWN_NAMES, LENGTH - rows.length, 'known.test', 'accepted')]);
}

function addresses(names: readonly string[], count: number, domain: string, reason: Reason): readonly TruthRow[] {
  return names.slice(0, count).map((name) => ({ address: `${name}@${domain}`, reason }));
}

function typedOtherwise(row: TruthRow, index: number): TruthRow {
  const [local = '', domain = ''] = row.address.split('@');
  return { ...row, address: index % 2 === 0 ? `${local.toUpperCase()}@${domain}` : ` ${row.address}` };
}

/** Every 7th row, then every 7th of what is one further on …: 7 and the length have no common divisor. */
function mixed(rows: readonly TruthRow[]): readonly TruthRow[] {
  return rows.map((_, i) => rows[(i * 7) % rows.length] as TruthRow);
}
