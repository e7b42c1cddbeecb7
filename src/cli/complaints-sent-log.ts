// Reads a log of what was sent: it tells whom a Message-ID went to where a complaint hides the recipient.
import { screenAddress } from '../address/screen.ts';
import { MailgateError } from '../errors.ts';
import { openList } from '../list/reader.ts';
import { plainWord } from './suppress-words.ts';

export interface SentLog {
  /** The one address a Message-ID or identifier was sent to; `several` where there are more, null where it is not logged. */
  recipientOf(id: string): string | 'several' | null;
}

/** Columns that hold what a mail is known by, as logs name them (without signs, in lower case); all of them are read. */
const ID_COLUMNS = new Set([
  'messageid',
  'msgid',
  'smtpid', // SendGrid
  'sgmessageid',
  'sesmessageid',
  'originalmessageid',
  'verpid',
  'recipientid',
  'subscriberid', // listmonk
  'uuid',
  'id',
]);

/** Columns of addresses: a Message-ID looks like one too, so content cannot tell them apart. */
const ADDRESS_COLUMNS = [
  'address',
  'email',
  'emailaddress',
  'recipient',
  'rcptto',
  'rcpt',
  'to',
  'destination',
  'subscriberemail',
];

/** What a person can hold in memory: some 100 bytes each. */
const MOST_ENTRIES = 20_000_000;

/**
 * Reads the CSV at `path`; the column of addresses is found by name or content.
 * @throws {MailgateError} of kind 'input' where it cannot be read or has no column of Message-IDs.
 */
export async function readSentLog(path: string): Promise<SentLog> {
  const { ids, address } = await columnsOf(path);
  const recipients = new Map<string, string>();
  const column = address === -1 ? undefined : String(address + 1);
  const list = await openList({ path, name: path }, { prefix: 'mailgate_', column });
  try {
    for await (const batch of list.batches()) {
      for (let row = 0; row < batch.rowCount; row += 1) {
        const cells = batch.cells(row);
        const screening = screenAddress(cells[list.addressColumn] ?? '');
        if (!screening.valid) continue;
        for (const id of ids) note(recipients, cells[id] ?? '', screening.key);
      }
    }
  } finally {
    await list.close();
  }
  return { recipientOf: (id) => recipients.get(plainId(id)) ?? null };
}

async function columnsOf(path: string): Promise<{ readonly ids: readonly number[]; readonly address: number }> {
  const list = await openList({ path, name: path }, { prefix: 'mailgate_', column: '1' });
  await list.close();
  const names = (list.header ?? []).map(plainWord);
  const ids = names.flatMap((name, index) => (ID_COLUMNS.has(name) ? [index] : []));
  const addressName = ADDRESS_COLUMNS.find((name) => names.includes(name));
  if (ids.length > 0) return { ids, address: addressName === undefined ? -1 : names.indexOf(addressName) };
  throw new MailgateError('input', `${path} has no column of Message-IDs`, {
    hint: 'Its first row needs a name such as message_id, beside the column of addresses.',
  });
}

function note(recipients: Map<string, string>, cell: string, address: string): void {
  const id = plainId(cell);
  if (id === '') return;
  const known = recipients.get(id);
  if (known === undefined && recipients.size < MOST_ENTRIES) recipients.set(id, address);
  else if (known !== undefined && known !== address) recipients.set(id, 'several');
}

/** With or without angle brackets; hosts do not change the case of letters, but logs do. */
function plainId(text: string): string {
  return text.trim().replace(/^<|>$/g, '').toLowerCase();
}
