// Reads a block of mail header fields (RFC 5322 section 2.2) within bounds; which fields matter is for others to say.
import { decodeWords } from 'postal-mime';

/** Field name in lower case to its unfolded values, first to last. A Map: names are a stranger's (`__proto__`). */
export type MailHeaders = ReadonlyMap<string, readonly string[]>;

export interface HeaderBlock {
  readonly headers: MailHeaders;
  /** Where the body begins in the text that was read. */
  readonly bodyStart: number;
  /** True where the block went on behind a limit; fields behind it are not read. */
  readonly cut: boolean;
}

export interface HeaderLimits {
  /** Characters of one block; real blocks with many Received and ARC fields stay below 100 kB. */
  readonly maxHeaderBytes: number;
  readonly maxHeaderFields: number;
  /** Characters of one unfolded value. */
  readonly maxHeaderValue: number;
}

export const MIME_HEADER_LIMITS: HeaderLimits = {
  maxHeaderBytes: 256_000,
  maxHeaderFields: 1000,
  maxHeaderValue: 16_000,
};

/**
 * Reads fields from `start` to the first empty line. Lines end in LF or CRLF; lines that are no field are passed over,
 * and so is an mbox `From ` line in front. Never throws.
 */
export function readHeaders(source: string, start: number, limits: HeaderLimits): HeaderBlock {
  const headers = new Map<string, string[]>();
  let position = start;
  let fields = 0;
  let folded: string[] | null = null;
  while (position < source.length) {
    const { line, next } = lineAt(source, position, limits.maxHeaderValue);
    if (line === '') return { headers, bodyStart: next, cut: false };
    if (position - start > limits.maxHeaderBytes || fields > limits.maxHeaderFields) {
      return { headers, bodyStart: endOfBlock(source, position), cut: true };
    }
    position = next;
    if (isFolded(line)) appendFolded(folded, line, limits.maxHeaderValue);
    else {
      folded = addField(headers, line);
      fields += 1;
    }
  }
  return { headers, bodyStart: source.length, cut: false };
}

/** The first value of a field, or '' where there is none. */
export function headerOf(headers: MailHeaders, name: string): string {
  return headers.get(name)?.[0] ?? '';
}

/** The first value with its encoded words (RFC 2047) decoded; long values are cut, for people read this. */
export function decodedHeader(headers: MailHeaders, name: string): string {
  const value = headerOf(headers, name).slice(0, 2000);
  if (!value.includes('=?')) return value;
  try {
    return decodeWords(value);
  } catch {
    return value; // a charset or encoding nobody knows: the raw words are better than nothing
  }
}

interface Line {
  readonly line: string;
  readonly next: number;
}

function lineAt(source: string, position: number, max: number): Line {
  const end = source.indexOf('\n', position);
  const stop = end === -1 ? source.length : end;
  const line = source.slice(position, Math.min(stop, position + max));
  return { line: line.endsWith('\r') ? line.slice(0, -1) : line, next: end === -1 ? source.length : end + 1 };
}

function isFolded(line: string): boolean {
  return line.startsWith(' ') || line.startsWith('\t');
}

function appendFolded(values: string[] | null, line: string, max: number): void {
  const last = values === null ? undefined : values[values.length - 1];
  if (values === null || last === undefined || last.length + line.length > max) return;
  values[values.length - 1] = `${last} ${line.trim()}`.trim();
}

/** Returns the values of the field the line opens, so that folded lines can be added to the last of them. */
function addField(headers: Map<string, string[]>, line: string): string[] | null {
  const colon = line.indexOf(':');
  if (colon <= 0) return null;
  const name = line.slice(0, colon).trim().toLowerCase();
  if (name === '' || name.length > 128 || name.includes(' ')) return null;
  const values = headers.get(name) ?? [];
  values.push(line.slice(colon + 1).trim());
  headers.set(name, values);
  return values;
}

function endOfBlock(source: string, position: number): number {
  const lf = source.indexOf('\n\n', position);
  const crlf = source.indexOf('\n\r\n', position);
  if (lf === -1 && crlf === -1) return source.length;
  return crlf === -1 || (lf !== -1 && lf < crlf) ? lf + 2 : crlf + 3;
}
