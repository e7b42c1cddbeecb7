// `mailgate suppress export`: writes the entries in the form another service takes in, or whole in our own.
import { openOutputFile } from '../list/output-file.ts';
import { createRowWriter, neutralise } from '../list/own-cells.ts';
import type { SuppressionEntry } from '../store/suppression-entries.ts';
import { hashOf } from '../store/suppression-keys.ts';
import { isAboutMailbox, type SuppressionReason } from '../store/suppression-reasons.ts';
import { strongest } from '../store/suppression-recorder.ts';
import { isoTime } from './annotation.ts';
import { count } from './number-words.ts';
import { type EntrySelection, entriesOf, entryObject } from './suppress-list.ts';
import type { ExportFormatName } from './suppress-options.ts';
import type { SuppressSession } from './suppress-session.ts';

export interface ExportSettings extends EntrySelection {
  readonly format: ExportFormatName;
  readonly output: string;
}

/** Writes the entries that are selected; those the format cannot hold are counted and told. */
export async function exportEntries(session: SuppressSession, settings: ExportSettings): Promise<void> {
  const format = FORMATS[settings.format];
  const target = await openTarget(session, settings.output);
  let written = 0;
  let left = 0;
  try {
    let held = format.header === null ? [] : [writeRow(format.header)];
    for (const entry of entriesToWrite(session, settings)) {
      session.invocation.interrupted.throwIfAborted();
      const cells = format.cells(entry);
      if (cells === null) {
        left += 1;
        continue;
      }
      written += 1;
      held.push(writeRow(cells));
      if (held.length < BATCH) continue;
      await target.write(`${held.join('\n')}\n`);
      held = [];
    }
    if (held.length > 0) await target.write(`${held.join('\n')}\n`);
    await target.commit();
  } catch (error) {
    await target.abort();
    throw error;
  }
  session.notices.tell(`${count(written)} written.`);
  if (left > 0) session.notices.warn(`${count(left)} left out: ${format.leavesOut}.`);
}

const BATCH = 2000;
const writeRow = createRowWriter(',');

async function openTarget(session: SuppressSession, output: string) {
  if (output === '-') return { write: session.print, commit: async () => {}, abort: async () => {} };
  const file = await openOutputFile(session.pathOf(output));
  return {
    write: (text: string) => file.write(Buffer.from(text)),
    commit: () => file.commit(),
    abort: () => file.abort(),
  };
}

/** Our own form has a row for each reason and scope; others have one for each address, with its strongest reason. */
function* entriesToWrite(session: SuppressSession, settings: ExportSettings): Generator<SuppressionEntry> {
  if (settings.format === 'mailgate') {
    yield* entriesOf(session, [], settings);
    return;
  }
  let ofKey: SuppressionEntry[] = [];
  for (const entry of entriesOf(session, [], settings)) {
    const [first] = ofKey;
    // Entries of one key stand together.
    if (first !== undefined && (first.key.type !== entry.key.type || first.key.value !== entry.key.value)) {
      yield* strongestOf(ofKey);
      ofKey = [];
    }
    ofKey.push(entry);
  }
  yield* strongestOf(ofKey);
}

function strongestOf(entries: readonly SuppressionEntry[]): SuppressionEntry[] {
  const entry = strongest(entries);
  return entry === null ? [] : [entry];
}

interface ExportFormat {
  readonly header: readonly string[] | null;
  /** Null for an entry the format cannot hold. */
  readonly cells: (entry: SuppressionEntry) => readonly string[] | null;
  /** What it cannot hold, as a phrase. */
  readonly leavesOut: string;
}

const NOT_ADDRESSES = 'domains, hashes and forgotten addresses have no place in such a list';

const FORMATS: Readonly<Record<ExportFormatName, ExportFormat>> = {
  mailgate: {
    header: [
      'type',
      'key',
      'subdomains',
      'scope',
      'reason',
      'source',
      'evidence',
      'detail',
      'verified',
      'first_seen',
      'last_seen',
      'count',
      'expires_at',
    ],
    cells: (entry) =>
      entry.key.type === 'hmac'
        ? null
        : Object.entries(entryObject(entry)).map(([name, value]) => {
            const text = value === null ? '' : String(value);
            // Strangers' words must not run in a spreadsheet; keys stay as they are, for whoever imports them.
            return name === 'key' ? text : neutralise(text);
          }),
    leavesOut: 'forgotten addresses only mean something in this store',
  },
  // SES, account-level suppression list, bulk import from S3: address,reason without names; it knows two reasons.
  ses: addresses(null, (address, { reason }) => [address, isAboutMailbox(reason) ? 'BOUNCE' : 'COMPLAINT']),
  // SendGrid takes an upload of unsubscribes with the column `email`, and writes `created` beside it.
  sendgrid: addresses(['email', 'created'], (address, { firstSeen }) => [
    address,
    String(Math.floor(firstSeen / 1000)),
  ]),
  // Postmark, suppression dump of a message stream.
  postmark: addresses(['EmailAddress', 'SuppressionReason', 'Origin', 'CreatedAt'], (address, entry) => [
    address,
    ...POSTMARK_WORDS[entry.reason],
    isoTime(entry.firstSeen),
  ]),
  // Mailchimp, audience export of unsubscribed and of cleaned contacts.
  mailchimp: addresses(['Email Address', 'UNSUB_TIME', 'UNSUB_REASON', 'CLEAN_TIME'], (address, entry) => {
    const time = isoTime(entry.firstSeen).replace('T', ' ').replace('Z', '');
    if (isAboutMailbox(entry.reason)) return [address, '', '', time];
    return [address, time, entry.reason === 'complaint' ? 'ABUSE' : 'NORMAL', ''];
  }),
  // listmonk, import in the mode "blocklist": email, name, attributes; other columns are passed over.
  listmonk: addresses(['email', 'name', 'attributes', 'status'], (address, { reason, scope }) => [
    address,
    '',
    JSON.stringify({ suppression: { reason, scope } }),
    'blocklisted',
  ]),
  plain: addresses(null, (address) => [address]),
  md5: hashes('md5'),
  sha256: hashes('sha256'),
};

const POSTMARK_WORDS: Readonly<Record<SuppressionReason, readonly [word: string, origin: string]>> = {
  manual: ['ManualSuppression', 'Customer'],
  complaint: ['SpamComplaint', 'Recipient'],
  unsubscribe: ['ManualSuppression', 'Recipient'],
  hard_bounce: ['HardBounce', 'Recipient'],
  suspect: ['HardBounce', 'Recipient'],
  soft_bounce: ['HardBounce', 'Recipient'],
  imported: ['ManualSuppression', 'Customer'],
};

function addresses(
  header: readonly string[] | null,
  cells: (address: string, entry: SuppressionEntry) => readonly string[],
): ExportFormat {
  return {
    header,
    cells: (entry) => (entry.key.type === 'email' ? cells(entry.key.value, entry) : null),
    leavesOut: NOT_ADDRESSES,
  };
}

/** Hashes of the same kind pass through; other kinds cannot be turned into this one. */
function hashes(type: 'md5' | 'sha256'): ExportFormat {
  return {
    header: null,
    cells: ({ key }) => {
      if (key.type === 'email') return [hashOf(type, key.value)];
      return key.type === type ? [key.value] : null;
    },
    leavesOut: 'domains, forgotten addresses and hashes of the other kind cannot be written as such hashes',
  };
}
