// Reads the values of single options: what each may be, and what is said where it is something else.
import { screenAddress } from '../address/screen.ts';
import { isIpAddress } from '../dns/address-policy.ts';
import { MailgateError } from '../errors.ts';
import type { TlsUse } from '../smtp/session.ts';
import { ALL_COLUMNS, BASIC_COLUMNS, type ColumnName } from './columns.ts';
import { oneOf, parseDuration, someOf, someText } from './durations.ts';

/** A duration longer than nothing, in milliseconds. @throws {MailgateError} of kind `usage` for anything else. */
export function someTime(text: string): number {
  const ms = parseDuration(text);
  if (ms > 0) return ms;
  throw new MailgateError('usage', 'waiting for no time at all would get no answer.', {
    hint: 'Give a time such as 10s.',
  });
}

/** When to encrypt. @throws {MailgateError} of kind `usage` for anything else. */
export function tlsUse(text: string): TlsUse {
  const when = oneOf(['always', 'never', 'on-demand'], 'way to use TLS')(text);
  return when === 'on-demand' ? 'on_demand' : when;
}

/** Rows may be on standard output already, and it takes but one thing. */
export function fileName(text: string): string {
  if (text !== '-') return someText(text);
  throw new MailgateError('usage', 'a file is wanted here, not standard output.', {
    hint: 'Name a file, such as run.json or report.html; /dev/stdout is one, too.',
  });
}

/** Text without line breaks. @throws {MailgateError} of kind `usage` for anything else. */
export function oneLine(text: string): string {
  if (!/\p{Cc}/u.test(text)) return someText(text);
  throw new MailgateError(
    'usage',
    `${JSON.stringify(text.slice(0, 60))} has a line break or another control character.`,
    {
      hint: 'Column names stand on one line.',
    },
  );
}

/** Text that may be empty. */
export function anyText(text: string): string {
  return text;
}

/** `all`, `basic`, or names of columns. @throws {MailgateError} of kind `usage` for anything else. */
export function columnNames(text: string): readonly ColumnName[] {
  if (text === 'all') return ALL_COLUMNS;
  if (text === 'basic') return BASIC_COLUMNS;
  return someOf(ALL_COLUMNS, 'column')(text);
}

/** A name for EHLO. @throws {MailgateError} of kind `usage` for anything else. */
export function hostName(text: string): string {
  // RFC 5321 section 4.1.1.1: a full host name, or an address literal where there is none.
  if (/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i.test(text) && text.length <= 253)
    return text;
  if (/^\[(?:IPv6:[0-9a-f:.]+|[0-9.]+)\]$/i.test(text)) return text;
  throw new MailgateError('usage', `"${text.slice(0, 80)}" is no full host name.`, {
    hint: 'Give a name that resolves to this machine, such as mail.example.org.',
  });
}

/** An address for MAIL FROM; null for the empty one, `<>`. @throws {MailgateError} of kind `usage` for anything else. */
export function senderAddress(text: string): string | null {
  if (text === '<>' || text === '') return null;
  const screening = screenAddress(text);
  if (screening.valid) return `${screening.local}@${screening.domain}`;
  throw new MailgateError('usage', `"${text.slice(0, 80)}" is no sender address: ${screening.message}`, {
    hint: 'Give an address of your own that exists, or <> for none.',
  });
}

/** An IP address, of either family. @throws {MailgateError} of kind `usage` for anything else. */
export function ipAddress(text: string): string {
  if (isIpAddress(text)) return text;
  throw new MailgateError('usage', `"${text.slice(0, 80)}" is no IP address.`, {
    hint: 'Give one of this machine, such as 192.0.2.10.',
  });
}
