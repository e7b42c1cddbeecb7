// The 21 situations that tell address verifiers apart, each as a domain of its own with the statuses that are right.
import type { Status } from '../verdict.ts';
import { MOODS } from './moods.ts';
import type { Fate, MailHost, Mood, World, Zone } from './world.ts';
import { mailboxes, mailZone, worldOf } from './world-builders.ts';

export interface Scenario {
  /** The domain is `scenario-<name>.test`: a registrable domain, thus an operator, of its own. */
  readonly name: string;
  readonly address: string;
  /** What may be said of the address; anything else is wrong. */
  readonly statuses: readonly Status[];
  readonly why: string;
}

type Situation =
  | { readonly fate: Fate; readonly mood?: Mood }
  | { readonly fate?: undefined; readonly mood: Mood }
  | 'nobody_listens'
  | 'servfail'
  | 'nxdomain';

interface Row {
  readonly name: string;
  readonly is: Situation;
  readonly statuses: readonly Status[];
  readonly why: string;
}

const ASKED = 'anna';

const ROWS: readonly Row[] = [
  { name: 'ok', is: { fate: 'ok' }, statuses: ['valid'], why: 'accepted where others are refused' },
  { name: 'unknown', is: { fate: 'unknown' }, statuses: ['invalid'], why: '550 5.1.1 names the mailbox' },
  {
    name: 'unknown-multiline',
    is: { fate: { say: '550-5.1.1 The account you tried to reach\n550-5.1.1 does not exist\n550 5.1.1 No such user' } },
    statuses: ['invalid'],
    why: 'the same on three lines',
  },
  {
    name: 'unknown-with-250',
    is: { fate: { say: '550 5.1.1 No such user, ticket 250 2.1.5 OK' } },
    statuses: ['invalid'],
    why: 'the code counts, not a 250 in the text',
  },
  {
    name: 'greylisted',
    is: { mood: { greylist: { waitMs: 300_000, says: '450 4.7.1 Greylisted, try again in 300 seconds' } } },
    statuses: ['unknown'],
    why: 'greylisting concerns strangers, not the mailbox',
  },
  {
    name: 'full-for-now',
    is: { fate: 'full_for_now' },
    statuses: ['unknown'],
    why: '452 is temporary',
  },
  {
    name: 'busy-at-rcpt',
    is: { mood: MOODS.busyAtRcpt },
    statuses: ['unknown'],
    why: '421 speaks of the connection',
  },
  { name: 'drop-at-rcpt', is: { mood: MOODS.dropsAtRcpt }, statuses: ['unknown'], why: 'no reply, no verdict' },
  { name: 'silent', is: { mood: MOODS.silentBanner }, statuses: ['unknown'], why: 'silence proves nothing' },
  {
    name: 'busy-banner',
    is: { mood: MOODS.busyAtBanner },
    statuses: ['unknown'],
    why: '421 before anything was asked',
  },
  { name: 'nobody-listens', is: 'nobody_listens', statuses: ['unknown'], why: 'the machine may be back tomorrow' },
  { name: 'client-blocked', is: { mood: MOODS.blockedAtRcpt }, statuses: ['unknown'], why: 'about us' },
  { name: 'poor-reputation', is: { mood: MOODS.poorReputation }, statuses: ['unknown'], why: 'about us, as a 550' },
  {
    name: 'sender-refused',
    is: { mood: MOODS.blockedAtMail },
    statuses: ['unknown'],
    why: 'no recipient was named yet',
  },
  { name: 'servfail', is: 'servfail', statuses: ['unknown'], why: 'a failure to ask' },
  { name: 'full', is: { fate: 'full' }, statuses: ['invalid', 'unknown'], why: 'exists, but takes nothing' },
  {
    name: 'split-reply',
    is: { fate: 'ok', mood: MOODS.splitReplies },
    statuses: ['valid'],
    why: 'segments mean nothing',
  },
  {
    name: 'multiline-250',
    is: { fate: { say: '250-2.1.5 Recipient\n250 2.1.5 OK' } },
    statuses: ['valid'],
    why: 'a reply may have several lines',
  },
  {
    name: 'multiline-banner',
    is: { fate: 'ok', mood: MOODS.multilineBanner },
    statuses: ['valid'],
    why: 'so may a banner',
  },
  { name: 'catch-all', is: { mood: MOODS.catchAll }, statuses: ['catchall', 'unknown'], why: 'it takes everything' },
  { name: 'nxdomain', is: 'nxdomain', statuses: ['invalid'], why: 'no such domain' },
];

export const SCENARIOS: readonly Scenario[] = ROWS.map(({ name, statuses, why }) => ({
  name,
  address: `${ASKED}@${domainOf(name)}`,
  statuses,
  why,
}));

/** The world in which all scenarios hold, each host at an address of its own. */
export function scenarioWorld(): World {
  const hosts: MailHost[] = [];
  const zones: Zone[] = [];
  ROWS.forEach((row, i) => {
    const domain = domainOf(row.name);
    const address = `127.0.21.${i + 1}`;
    if (row.is === 'nxdomain') return;
    if (row.is === 'servfail') zones.push({ name: domain, mood: { rcode: 'SERVFAIL' } });
    else if (row.is === 'nobody_listens') zones.push(...deadHost(domain, address));
    else hosts.push(hostOf(row.is, { domain, address }));
  });
  return worldOf({ hosts, zones });
}

function hostOf(is: Exclude<Situation, string>, at: { readonly domain: string; readonly address: string }): MailHost {
  return {
    ...is.mood,
    name: `mx.${at.domain}`,
    addresses: [at.address],
    domains: [at.domain],
    mailboxes: mailboxes([[ASKED, is.fate ?? 'ok']]),
  };
}

function deadHost(domain: string, address: string): Zone[] {
  return [mailZone(domain, [`mx.${domain}`]), { name: `mx.${domain}`, records: [{ type: 'A', data: address }] }];
}

function domainOf(name: string): string {
  return `scenario-${name}.test`;
}
