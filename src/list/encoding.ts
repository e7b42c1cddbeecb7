// Decides which encoding a list is in, and turns any but UTF-8 into UTF-8 while it streams.
import { isAscii, isUtf8 } from 'node:buffer';
import { MailgateError } from '../errors.ts';
import { windows1252ToUtf8 } from './windows-1252.ts';

export interface EncodingChoice {
  /** `utf-8`, `utf-16le`, `utf-16be`, `windows-1252`, or another label of the WHATWG Encoding Standard. */
  readonly label: string;
  /** Length of the byte order mark, 0 where there is none. */
  readonly bomBytes: number;
  /**
   * What becomes of bytes that are not valid UTF-8, for `utf-8` and a sniffed `windows-1252`: `mixed` reads each row that
   * holds such bytes as Windows-1252, `strict` (the person said UTF-8) refuses them.
   */
  readonly invalidBytes: 'mixed' | 'strict';
}

/** Turns a stream of bytes into UTF-8; `last` flushes what was held back. */
export type Transcoder = (bytes: Uint8Array, last: boolean) => Uint8Array;

/**
 * Decides from the first bytes of a file, or from the encoding the person named.
 *
 * A file is not called Windows-1252 because its head is: a list of millions may be UTF-8 up to one pasted row, and
 * exports joined with `cat` mix both. So without a given encoding every row is decided alone: valid UTF-8 is UTF-8, any
 * other row is Windows-1252, in which each byte is a character. Nothing is lost and U+FFFD never written.
 *
 * @throws MailgateError `usage` for an unknown name, `input` where a byte order mark says otherwise
 */
export function chooseEncoding(head: Buffer, options: { name: string; wanted?: string | undefined }): EncodingChoice {
  const bom = BYTE_ORDER_MARKS.find(({ bytes }) => head.subarray(0, bytes.length).equals(bytes));
  if (bom?.label === 'utf-32') {
    throw new MailgateError('input', `${options.name} is in UTF-32, which mailgate does not read`, {
      hint: SAVE_AS_UTF8,
    });
  }
  if (options.wanted !== undefined) return obey(options.wanted, { bom, head, name: options.name });
  if (bom !== undefined) return { label: bom.label, bomBytes: bom.bytes.length, invalidBytes: 'mixed' };
  const utf16 = utf16WithoutBom(head);
  if (utf16 !== null) return { label: utf16, bomBytes: 0, invalidBytes: 'mixed' };
  return { label: endsInsideUtf8(head) ? 'utf-8' : 'windows-1252', bomBytes: 0, invalidBytes: 'mixed' };
}

/** True where rows reach the scanner as they are in the file, so that some may turn out not to be UTF-8. */
export function readsBytesAsTheyAre(choice: EncodingChoice): boolean {
  return choice.label === 'utf-8' || (choice.label === 'windows-1252' && choice.invalidBytes === 'mixed');
}

/** How to get UTF-8 out of the file, or null where its bytes are scanned as they are. */
export function transcoderFor(choice: EncodingChoice, name: string): Transcoder | null {
  if (readsBytesAsTheyAre(choice)) return null;
  if (choice.label === 'windows-1252') return (bytes) => (isAscii(bytes) ? bytes : windows1252ToUtf8(bytes));
  // Half a surrogate pair is no character and has no UTF-8: in UTF-16, and only there, it becomes U+FFFD.
  const decoder = new TextDecoder(choice.label, { fatal: !choice.label.startsWith('utf-16'), ignoreBOM: true });
  return (bytes, last) => {
    try {
      return Buffer.from(decoder.decode(bytes, { stream: !last }), 'utf8');
    } catch (cause) {
      throw new MailgateError('input', `${name} is not in ${choice.label}: it holds bytes which mean nothing there`, {
        hint: 'Leave --encoding out to have it recognised, or name another.',
        cause,
      });
    }
  };
}

const SAVE_AS_UTF8 = 'Save the list as CSV in UTF-8.';

interface ByteOrderMark {
  readonly label: string;
  readonly bytes: Buffer;
}

/** Unicode 16 section 23.8. UTF-32 little-endian begins as UTF-16 does, so it stands first. */
const BYTE_ORDER_MARKS: readonly ByteOrderMark[] = [
  { label: 'utf-32', bytes: Buffer.from([0xff, 0xfe, 0, 0]) },
  { label: 'utf-32', bytes: Buffer.from([0, 0, 0xfe, 0xff]) },
  { label: 'utf-8', bytes: Buffer.from([0xef, 0xbb, 0xbf]) },
  { label: 'utf-16le', bytes: Buffer.from([0xff, 0xfe]) },
  { label: 'utf-16be', bytes: Buffer.from([0xfe, 0xff]) },
];

function obey(wanted: string, file: { bom: ByteOrderMark | undefined; head: Buffer; name: string }): EncodingChoice {
  let label = labelOf(wanted);
  if (label === 'utf-16') label = file.bom?.label ?? utf16WithoutBom(file.head) ?? 'utf-16le';
  if (file.bom !== undefined && file.bom.label !== label) {
    throw new MailgateError(
      'input',
      `${file.name} is not in ${wanted}: it begins with the byte order mark of ${file.bom.label}`,
      { hint: 'Leave --encoding out to have the encoding recognised.' },
    );
  }
  return { label, bomBytes: file.bom?.bytes.length ?? 0, invalidBytes: 'strict' };
}

function labelOf(wanted: string): string {
  const name = wanted
    .trim()
    .toLowerCase()
    .replace(/^utf(\d)/, 'utf-$1')
    .replace(/^(utf-16)-(?=[lb]e$)/, '$1');
  if (name === 'utf-16') return name;
  try {
    // The standard's labels: latin1, iso-8859-1 and cp1252 are all windows-1252.
    return new TextDecoder(name === 'utf-8-sig' ? 'utf-8' : name).encoding;
  } catch (cause) {
    throw new MailgateError('usage', `there is no encoding called '${wanted}'`, {
      hint: 'Say utf-8, utf-16, windows-1252, or another label of the WHATWG Encoding Standard.',
      cause,
    });
  }
}

/** Latin letters, digits and delimiters in UTF-16 have a NUL at every other byte; no text in UTF-8 has any. */
function utf16WithoutBom(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  const units = head.length >> 1;
  let even = 0;
  let odd = 0;
  for (let at = 0; at + 1 < head.length; at += 2) {
    if (head[at] === 0) even++;
    if (head[at + 1] === 0) odd++;
  }
  // A quarter is enough for a list whose names are in Cyrillic; the other half of each pair is hardly ever NUL in text.
  if (odd > units / 4 && even <= units / 100) return 'utf-16le';
  if (even > units / 4 && odd <= units / 100) return 'utf-16be';
  return null;
}

/** True for valid UTF-8 whose last character may be cut off. */
function endsInsideUtf8(head: Buffer): boolean {
  for (let cut = 0; cut <= 3; cut++) {
    if (isUtf8(head.subarray(0, head.length - cut))) return true;
  }
  return false;
}
