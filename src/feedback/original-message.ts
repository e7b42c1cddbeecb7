// Finds where a report ends and the mail it returns begins, and that mail's headers; its content is never looked at.
import { type MimeMessage, type MimePart, textOfPart } from './mime.ts';
import { headerOf, type MailHeaders, MIME_HEADER_LIMITS, readHeaders } from './mime-headers.ts';

const ORIGINAL_TYPES: ReadonlySet<string> = new Set([
  'message/rfc822',
  'message/global',
  'message/partial',
  'message/rfc822-headers',
  'message/global-headers',
  'text/rfc822-headers',
  'text/rfc822',
  'text/rfc822-header', // misspelt by several gateways
]);

/** True for parts that hold the returned mail or its headers. */
export function isOriginalPart({ type }: { readonly type: string }): boolean {
  return ORIGINAL_TYPES.has(type);
}

/**
 * How the line that introduces the returned mail begins, in lower case and without the dashes and bars around it.
 * The names of systems are those the line was seen at.
 */
const MARKERS: readonly string[] = [
  'this is a copy of the message', // Exim
  'this is a copy of your message',
  'below this line is a copy of the message', // qmail, Yahoo
  'enclosed is a copy of the message', // notqmail
  'below is a copy of the original message', // OpenSMTPD
  'included is a copy of the message header', // MX Logic
  'original message follows', // DragonFly Mail Agent, IMail
  'message headers follow', // DragonFly Mail Agent
  'message header follows', // sendmail 4
  'original message headers', // Exchange
  'original message header', // gateways
  'original mail as follows', // fml
  'original mail info', // m-FILTER
  'the header of the original message is following', // 1&1, GMX
  'the original message headers',
  'unsent message follows', // sendmail 4 and 5
  'unsent message below', // PMDF
  'undelivered message follows',
  'returned message', // Lotus Notes
  'message text follows', // smail
  'begin returned message',
  'original text follows', // MMDF
];

/** These words are a marker only as a whole line between dashes: "----- Original message -----" (Gmail). */
const WHOLE_LINE_MARKERS: ReadonlySet<string> = new Set([
  'original message',
  'original mail',
  'message follows',
  'original headers',
  'message header',
  'message headers',
]);

/** A header field no report has in its own words, at the start of a line: the mail begins without a marker. */
const FIRST_FIELD = /^(?:Received|Return-Path|Delivered-To|X-Original-To)\s{0,2}:/i;

/** The report's own words, and the returned mail behind the marker ('' where there is none). */
export function splitAtOriginal(text: string): { words: string; original: string } {
  let position = 0;
  while (position < text.length) {
    const end = text.indexOf('\n', position);
    const stop = end === -1 ? text.length : end;
    const line = text.slice(position, Math.min(stop, position + 200));
    if (position > 0 && FIRST_FIELD.test(line)) {
      return { words: text.slice(0, position), original: text.slice(position) };
    }
    if (isMarker(line)) return { words: text.slice(0, position), original: text.slice(stop + 1) };
    position = stop + 1;
  }
  return { words: text, original: '' };
}

function isMarker(line: string): boolean {
  const letters = line.replace(/^[^a-z]{1,60}/i, '').toLowerCase();
  if (letters === '') return false;
  if (MARKERS.some((marker) => letters.startsWith(marker))) return true;
  return line !== letters && /^\W/.test(line) && WHOLE_LINE_MARKERS.has(letters.replace(/[^a-z]{1,60}$/, ''));
}

export interface OriginalMessage {
  readonly messageId: string | null;
  readonly from: string;
  readonly to: string;
  readonly headers: MailHeaders;
}

/** The headers of the returned mail: of its part, else of what stands behind the marker in the text; else null. */
export function originalOf(message: MimeMessage, behindMarker: string): OriginalMessage | null {
  const part = message.parts.find((candidate) => candidate.messageDepth === 0 && isOriginalPart(candidate));
  const text = part === undefined ? behindMarker : headerText(part);
  const { headers } = readHeaders(
    withoutIndent(text.slice(0, MIME_HEADER_LIMITS.maxHeaderBytes)),
    0,
    MIME_HEADER_LIMITS,
  );
  if (headers.size === 0) return null;
  return {
    messageId: messageIdIn(headerOf(headers, 'message-id')),
    from: headerOf(headers, 'from'),
    to: headerOf(headers, 'to'),
    headers,
  };
}

function headerText(part: MimePart): string {
  return textOfPart(part, MIME_HEADER_LIMITS.maxHeaderBytes);
}

/** fml and others indent the returned mail; a header field begins at the margin. */
function withoutIndent(text: string): string {
  const start = text.slice(0, 400).search(/\S/);
  const indent = start - (text.lastIndexOf('\n', start) + 1);
  const body = text.slice(Math.max(0, start - indent));
  return indent <= 0 || indent > 16 ? body : body.replaceAll(`\n${' '.repeat(indent)}`, '\n').slice(indent);
}

/** `<id@host>` without the brackets, or null. */
export function messageIdIn(value: string): string | null {
  const match = /<([^<>\s]{1,500})>/.exec(value) ?? /^\s{0,20}(\S{3,500})/.exec(value);
  return match?.[1] ?? null;
}
