// Which service wrote a suppression list, and what a row of it says: by the columns and words each is known by.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatOf, readNamelessRow } from '../../src/cli/suppress-formats.ts';
import { plainWord, REASON_WORDS, reasonOfWord } from '../../src/cli/suppress-words.ts';
import { MailgateError } from '../../src/errors.ts';

/** Reads one row, given as an object under the column names of the file. */
function read(row: Readonly<Record<string, string>>) {
  const cells = new Map(Object.entries(row).map(([name, text]) => [plainWord(name), text]));
  const format = formatOf(new Set(cells.keys()), 'list.csv');
  const reading = format.read((name) => cells.get(name) ?? '');
  return [format.name, reading.status === 'skipped' ? 'skipped' : reading.reason];
}

const SENDGRID = { email: 'a@b.test', created: '1767254400' };
const MAILCHIMP = { 'Email Address': 'a@b.test', LEID: '1', EUID: 'x' };
const POSTMARK = { EmailAddress: 'a@b.test', Origin: 'Recipient', CreatedAt: '2026-01-04T07:31:00-05:00' };

const CASES: readonly [row: Readonly<Record<string, string>>, format: string, reason: string | null, why: string][] = [
  [
    { 'Email address': 'a', Reason: 'BOUNCE', 'Last update time': '' },
    'ses',
    'hard_bounce',
    'SES lists hard bounces only',
  ],
  [{ EmailAddress: 'a', Reason: 'COMPLAINT', LastUpdateTime: '' }, 'ses', 'complaint', 'as the API names its fields'],
  [
    { ...SENDGRID, status: '5.1.1', reason: '550 5.1.1 user unknown' },
    'sendgrid',
    'hard_bounce',
    'the mailbox is gone',
  ],
  [
    { ...SENDGRID, status: '5.7.1', reason: '550 5.7.1 listed by Spamhaus' },
    'sendgrid',
    'skipped',
    'the sender was refused',
  ],
  [
    { ...SENDGRID, status: '5.1.1', reason: '550 5.7.1 client blocked using zen.spamhaus.org' },
    'sendgrid',
    'skipped',
    'the words outweigh a status',
  ],
  [{ ...SENDGRID, status: '4.2.2', reason: '452 4.2.2 mailbox full' }, 'sendgrid', 'soft_bounce', 'full is not gone'],
  [
    { ...SENDGRID, status: '5.2.1', reason: '550 5.2.1 account is disabled' },
    'sendgrid',
    'suspect',
    'disabled mailboxes come back',
  ],
  [{ ...SENDGRID, status: '', reason: 'something' }, 'sendgrid', null, 'on their list, for a cause they do not tell'],
  [
    { ...SENDGRID, reason: 'Mail domain mentioned in email address is unknown' },
    'sendgrid',
    'hard_bounce',
    'an invalid e-mail',
  ],
  [{ ...SENDGRID, ip: '192.0.2.1' }, 'sendgrid', 'complaint', 'a spam report'],
  [SENDGRID, 'sendgrid', 'unsubscribe', 'the two columns of unsubscribes'],
  [{ ...POSTMARK, SuppressionReason: 'HardBounce' }, 'postmark', 'hard_bounce', 'by its word'],
  [{ ...POSTMARK, SuppressionReason: 'SpamComplaint' }, 'postmark', 'complaint', 'by its word'],
  [{ ...POSTMARK, SuppressionReason: 'ManualSuppression' }, 'postmark', 'unsubscribe', 'the recipient did it'],
  [
    { ...POSTMARK, Origin: 'Customer', SuppressionReason: 'ManualSuppression' },
    'postmark',
    'manual',
    'the sender did it',
  ],
  [{ ID: '1', Type: 'AutoResponder', Email: 'a', BouncedAt: '' }, 'postmark', 'skipped', 'a holiday is no bounce'],
  [{ ID: '1', Type: 'SoftBounce', Email: 'a', BouncedAt: '' }, 'postmark', 'soft_bounce', 'counted, not suppressed'],
  [
    { ...MAILCHIMP, UNSUB_TIME: '2026-02-11 12:30:45', UNSUB_REASON: 'NORMAL' },
    'mailchimp',
    'unsubscribe',
    'its own wish',
  ],
  [
    { ...MAILCHIMP, UNSUB_TIME: '2026-02-11 12:30:45', UNSUB_REASON: 'Abuse complaint' },
    'mailchimp',
    'complaint',
    'its reason',
  ],
  [{ ...MAILCHIMP, CLEAN_TIME: '2026-02-11 12:30:45' }, 'mailchimp', 'hard_bounce', 'cleaned'],
  [{ uuid: 'x', email: 'a', attributes: '{}', status: 'blocklisted' }, 'listmonk', 'imported', 'by whom is not told'],
  [{ uuid: 'x', email: 'a', attributes: '{}', status: 'enabled' }, 'listmonk', 'skipped', 'a subscriber'],
  [{ email: 'a', status: 'Unsubscribed', name: 'x' }, 'csv', 'unsubscribe', 'a list nobody has described'],
  [{ email: 'a', type: 'weird', date: '' }, 'csv', null, 'a word nobody knows is still a list somebody made'],
  [{ email: 'a', name: 'x' }, 'plain', null, 'no column tells a reason'],
  [{ type: 'email', key: 'a', scope: 'all', reason: 'complaint', first_seen: '' }, 'mailgate', 'complaint', 'our own'],
  [
    { type: 'email', key: 'a', scope: 'all', reason: 'soft_bounce', first_seen: '' },
    'mailgate',
    'imported',
    'an outcome without its count',
  ],
  [
    { type: 'hmac', key: 'a', scope: 'all', reason: 'manual', first_seen: '' },
    'mailgate',
    'skipped',
    'the key stayed at home',
  ],
];

for (const [row, format, reason, why] of CASES) {
  test(`${Object.keys(row).join(',')} ${row['reason'] ?? row['status'] ?? ''} is ${format} ${reason}: ${why}`, () => {
    assert.deepEqual(read(row), [format, reason]);
  });
}

test('a list of subscribed contacts is refused: it would suppress everybody who wants the mail', () => {
  assert.throws(
    () => read(MAILCHIMP),
    (error: unknown) => error instanceof MailgateError && error.kind === 'input' && /subscribed/.test(error.message),
  );
});

const NAMELESS: readonly [cells: readonly string[], reason: string | null][] = [
  [['a@b.test', 'BOUNCE'], 'hard_bounce'],
  [['a@b.test', 'COMPLAINT'], 'complaint'],
  [['a@b.test'], null],
  [['a@b.test', 'Anna', 'Oslo'], null],
];
for (const [cells, reason] of NAMELESS) {
  test(`the row ${cells.join(',')} without column names has the reason ${reason}`, () => {
    const reading = readNamelessRow(cells);
    assert.equal(reading.status === 'entry' ? reading.reason : 'skipped', reason);
  });
}

test('no word stands in the table twice, and each is found however it is written', () => {
  const words = REASON_WORDS.map(([word]) => plainWord(word));
  assert.equal(new Set(words).size, words.length);
  for (const [word, reason] of REASON_WORDS)
    assert.equal(reasonOfWord(` ${word.toUpperCase().replaceAll(' ', '_')} `), reason);
});
