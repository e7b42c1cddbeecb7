// Recognises by its columns which service wrote a suppression list, and reads what a row of it says.
import { MailgateError } from '../errors.ts';
import { meaningOf } from '../smtp/meaning.ts';
import { isSuppressionReason, type SuppressionReason } from '../store/suppression-reasons.ts';
import { timeOf } from './suppress-times.ts';
import { plainWord, reasonOfWord } from './suppress-words.ts';

/** A row by the names of its columns (as `plainWord` writes them): the text of the cell, empty where there is none. */
export type Cells = (name: string) => string;

/** What a row says; `skipped` where it says nothing against the address. */
export type RowReading =
  | {
      readonly status: 'entry';
      /** Null where the row does not tell. */
      readonly reason: SuppressionReason | null;
      readonly detail: string | null;
      /** The time as it is written; it also tells one report from the next. */
      readonly time: string;
      readonly messageId?: string | null;
      readonly scope?: string | null;
      readonly expiresAt?: number | null;
      /** What the row is about, where it says so: only our own lists do. */
      readonly type?: string;
      readonly subdomains?: boolean;
      readonly source?: string;
      readonly evidence?: string;
    }
  | { readonly status: 'skipped'; readonly why: string };

export interface ImportFormat {
  readonly name: string;
  /** The column of the addresses, where only its name can tell it; null to have it found. */
  readonly keyColumn: string | null;
  readonly read: (cells: Cells) => RowReading;
}

/**
 * The format of a list with these columns (as `plainWord` writes them). `name` is the list's, for messages.
 * @throws {MailgateError} of kind 'input' for a list of people who want to be mailed.
 */
export function formatOf(columns: ReadonlySet<string>, name: string): ImportFormat {
  for (const { needs, format } of FORMATS) {
    if (needs.every((need) => need.split('|').some((column) => columns.has(column)))) return format(columns, name);
  }
  return generic(columns);
}

/** First match wins. A need of several names is met by any of them. */
const FORMATS: readonly {
  readonly needs: readonly string[];
  readonly format: (columns: ReadonlySet<string>, name: string) => ImportFormat;
}[] = [
  { needs: ['type', 'key', 'scope', 'reason', 'firstseen'], format: () => OWN },
  // listmonk, internal/subimporter and export.go: uuid,email,name,attributes,status,created_at,updated_at.
  { needs: ['email', 'status', 'uuid|attributes'], format: () => LISTMONK },
  // Mailchimp audience export: one file per status, told apart by the time columns.
  { needs: ['emailaddress', 'unsubtime|cleantime'], format: () => MAILCHIMP },
  { needs: ['emailaddress', 'leid|euid|memberrating|optintime'], format: refuseSubscribers },
  // Postmark: suppression dump of a stream, and the export of bounces.
  { needs: ['suppressionreason'], format: () => POSTMARK },
  { needs: ['email', 'bouncedat', 'type'], format: () => POSTMARK_BOUNCES },
  // SendGrid: bounces and blocks; invalid emails; spam reports; unsubscribes. All of them have `created`.
  { needs: ['email', 'created', 'status', 'reason'], format: () => SENDGRID_BOUNCES },
  { needs: ['email', 'created', 'reason'], format: () => sendgrid('hard_bounce') },
  { needs: ['email', 'created', 'ip'], format: () => sendgrid('complaint') },
  {
    needs: ['email', 'created'],
    format: (columns) => (columns.size === 2 ? sendgrid('unsubscribe') : generic(columns)),
  },
  // Amazon SES: what the console and `list-suppressed-destinations` show.
  { needs: ['emailaddress|email', 'reason', 'lastupdatetime|lastupdated|lastupdatedtime'], format: () => SES },
];

/** Our own export, which loses nothing. */
const OWN: ImportFormat = {
  name: 'mailgate',
  keyColumn: 'key',
  read: (cells) => {
    const reason = cells('reason');
    if (cells('type') === 'hmac') return skipped('a tombstone only means something beside its own key');
    if (!isSuppressionReason(reason)) return skipped(`the reason ${JSON.stringify(reason.slice(0, 40))} is not known`);
    // A count of soft bounces cannot be handed over, its outcome can.
    const isOutcome = reason === 'soft_bounce' || reason === 'suspect';
    const said = unguarded(cells('detail'));
    return {
      status: 'entry',
      reason: isOutcome ? 'imported' : reason,
      detail: isOutcome ? [reason, said].filter(Boolean).join(': ') : said,
      time: cells('firstseen'),
      scope: cells('scope') || null,
      expiresAt: timeOf(cells('expiresat')),
      type: cells('type'),
      subdomains: cells('subdomains') === 'true',
      source: unguarded(cells('source')),
      evidence: unguarded(cells('evidence')),
    };
  },
};

const LISTMONK: ImportFormat = {
  name: 'listmonk',
  keyColumn: 'email',
  read: (cells) => byWord(cells('status'), { time: cells('updatedat'), detail: cells('status') }),
};

const MAILCHIMP: ImportFormat = {
  name: 'mailchimp',
  keyColumn: 'emailaddress',
  read: (cells) => {
    const cleaned = cells('cleantime');
    if (cleaned !== '') {
      return {
        status: 'entry',
        reason: 'hard_bounce',
        detail: told('cleaned', cells('cleancampaigntitle')),
        time: cleaned,
      };
    }
    const why = cells('unsubreason');
    const reason = reasonOfWord(why) === 'complaint' ? 'complaint' : 'unsubscribe';
    return { status: 'entry', reason, detail: told('unsubscribed', why), time: cells('unsubtime') };
  },
};

function refuseSubscribers(_columns: ReadonlySet<string>, name: string): never {
  throw new MailgateError(
    'input',
    `${name} looks like Mailchimp's list of subscribed contacts: it would suppress all of them`,
    {
      hint: 'Import unsubscribed_….csv and cleaned_….csv of the same export.',
    },
  );
}

const POSTMARK: ImportFormat = {
  name: 'postmark',
  keyColumn: null,
  read: (cells) => {
    const word = cells('suppressionreason');
    const isOwnWish = plainWord(word) === 'manualsuppression' && plainWord(cells('origin')) === 'recipient';
    const when = { time: cells('createdat'), detail: word };
    return isOwnWish ? { status: 'entry', reason: 'unsubscribe', ...when } : byWord(word, when);
  },
};

const POSTMARK_BOUNCES: ImportFormat = {
  name: 'postmark',
  keyColumn: 'email',
  read: (cells) => {
    const detail = cells('details') || cells('description') || cells('type');
    const id = cells('id');
    const reading = byWord(cells('type'), { time: cells('bouncedat'), detail });
    if (reading.status === 'skipped') return reading;
    return { ...reading, messageId: cells('messageid') || null, ...(id === '' ? {} : { evidence: `postmark:${id}` }) };
  },
};

const SENDGRID_BOUNCES: ImportFormat = {
  name: 'sendgrid',
  keyColumn: 'email',
  read: (cells) => replyReading(cells('reason'), { status: cells('status'), time: cells('created') }),
};

function sendgrid(reason: SuppressionReason): ImportFormat {
  return {
    name: 'sendgrid',
    keyColumn: 'email',
    read: (cells) => ({ status: 'entry', reason, detail: cells('reason') || null, time: cells('created') }),
  };
}

const SES: ImportFormat = {
  name: 'ses',
  keyColumn: null,
  read: (cells) =>
    byWord(cells('reason'), {
      time: cells('lastupdatetime') || cells('lastupdated') || cells('lastupdatedtime'),
      detail: cells('reason'),
    }),
};

/** Columns that tell the reason and the time in lists nobody has described; the first that is there counts. */
const REASON_COLUMNS = ['reason', 'suppressionreason', 'type', 'status', 'event', 'category', 'bouncetype'];
const TIME_COLUMNS = ['createdat', 'created', 'timestamp', 'date', 'time', 'updatedat', 'addedat', 'datetime'];
const DETAIL_COLUMNS = ['details', 'detail', 'description', 'diagnostic', 'message', 'note', 'notes', 'comment'];

function generic(columns: ReadonlySet<string>): ImportFormat {
  const present = (names: readonly string[]): string => names.find((name) => columns.has(name)) ?? '';
  const reason = present(REASON_COLUMNS);
  const time = present(TIME_COLUMNS);
  const detail = present(DETAIL_COLUMNS);
  return {
    name: reason === '' ? 'plain' : 'csv',
    keyColumn: null,
    read: (cells) => {
      const word = cells(reason);
      const when = { time: cells(time), detail: cells(detail) || word || null };
      return word === '' ? { status: 'entry', reason: null, ...when } : byWord(word, when);
    },
  };
}

/** The second cell of a row without column names may hold SES's word for it (`ann@example.com,BOUNCE`). */
export function readNamelessRow(cells: readonly string[]): RowReading {
  const word = cells.slice(1).find((cell) => reasonOfWord(cell) !== null) ?? '';
  if (word === '') return { status: 'entry', reason: null, detail: null, time: '' };
  return byWord(word, { time: '', detail: word });
}

/** A word nobody knows is still a list somebody made: the address is on it, for a cause it does not tell. */
function byWord(word: string, when: { readonly time: string; readonly detail: string | null }): RowReading {
  const reason = reasonOfWord(word);
  if (reason === 'none') return skipped(`"${word.trim().slice(0, 40)}" says nothing against the address`);
  return { status: 'entry', reason, detail: when.detail === '' ? null : when.detail, time: when.time };
}

/** A row that quotes the reply: read by the rules for live replies, because the status alone is often wrong. */
function replyReading(text: string, given: { readonly status: string; readonly time: string }): RowReading {
  const entry = { status: 'entry', detail: text || null, time: given.time } as const;
  const code = Number(/^\s*([45]\d\d)\b/.exec(text)?.[1] ?? { '5': 550, '4': 450 }[given.status.trim().charAt(0)] ?? 0);
  if (code === 0) return { ...entry, reason: null };
  const enhanced = /^[45]\.\d{1,3}\.\d{1,3}$/.test(given.status.trim()) ? given.status.trim() : null;
  const { meaning, strength } = meaningOf({ stage: 'rcpt', code, enhanced, text });
  switch (meaning) {
    case 'mailbox_not_found':
      if (code < 500) return { ...entry, reason: 'soft_bounce' };
      return { ...entry, reason: strength === 'strong' ? 'hard_bounce' : 'imported' };
    case 'mailbox_disabled':
      return { ...entry, reason: 'suspect' };
    case 'mailbox_full':
      return { ...entry, reason: 'soft_bounce' };
    case 'domain_not_accepted':
      return { ...entry, reason: 'imported' };
    default:
      // A bare "550" tells us nothing, but the service has stopped mailing there for it.
      if (strength === 'weak' && code >= 500) return { ...entry, reason: 'imported' };
      return skipped('the reply is not about the address');
  }
}

function skipped(why: string): RowReading {
  return { status: 'skipped', why };
}

function told(what: string, more: string): string {
  return more === '' ? what : `${what}: ${more}`;
}

/** Our export puts an apostrophe in front of what a spreadsheet would run. */
function unguarded(cell: string): string {
  return /^'[=+\-@\t\r＝＋－＠]/.test(cell) ? cell.slice(1) : cell;
}
