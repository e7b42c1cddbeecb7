// Recognises files that are no CSV by how they begin, and says in a sentence what to do with them instead.
import { MailgateError } from '../errors.ts';

/**
 * Refuses a file that is known to be something else.
 *
 * @param head the first bytes of the file, as they are on the disk
 * @throws MailgateError of kind `input`
 */
export function refuseForeignFile(head: Buffer, name: string): void {
  const text = head.toString('latin1', 0, 4096);
  for (const { begins, holds, what, hint } of FOREIGN_FILES) {
    const matches = typeof begins === 'string' ? text.startsWith(begins) : begins.test(text);
    if (!matches || (holds !== undefined && !head.includes(holds))) continue;
    throw new MailgateError('input', `${name} looks like ${what}, not like a CSV file`, { hint });
  }
}

/** Refuses text with NUL bytes, which no CSV has; call it only where the encoding is not UTF-16. */
export function refuseNulBytes(head: Buffer, name: string): void {
  const at = head.indexOf(0);
  if (at < 0) return;
  throw new MailgateError('input', `${name} is not a text file: byte ${at + 1} of it is NUL`, {
    hint: 'Save or export the list as CSV (UTF-8) and pass that file.',
  });
}

interface ForeignFile {
  readonly begins: string | RegExp;
  /** What else stands in the first bytes; tells apart the formats that are zip archives. */
  readonly holds?: string;
  readonly what: string;
  readonly hint: string;
}

const SAVE_AS_CSV = 'Open it in the spreadsheet program, save it as CSV (UTF-8), and pass that file.';
const UNPACK = 'Unpack it first, or pipe it in: `… | mailgate verify -`.';
const NOT_A_LIST = 'Pass the CSV file with the addresses.';

/** First match wins, so the formats inside a zip archive stand above the archive. Sources: each format's own description. */
const FOREIGN_FILES: readonly ForeignFile[] = [
  // ECMA-376 part 2 (OPC): the first entries of a workbook are [Content_Types].xml and parts below xl/.
  { begins: 'PK\x03\x04', holds: 'xl/', what: 'an Excel workbook', hint: SAVE_AS_CSV },
  { begins: 'PK\x03\x04', holds: '[Content_Types].xml', what: 'an Office document', hint: SAVE_AS_CSV },
  // OpenDocument 1.3 part 2, section 3.3: the uncompressed entry `mimetype` comes first.
  { begins: 'PK\x03\x04', holds: 'opendocument.spreadsheet', what: 'an OpenDocument spreadsheet', hint: SAVE_AS_CSV },
  // Apple Numbers keeps its tables in Index/*.iwa.
  { begins: 'PK\x03\x04', holds: '.iwa', what: 'a Numbers spreadsheet', hint: SAVE_AS_CSV },
  { begins: /^PK(?:\x03\x04|\x05\x06|\x07\x08)/, what: 'a zip archive', hint: UNPACK }, // APPNOTE 4.3
  { begins: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', what: 'an old Excel workbook', hint: SAVE_AS_CSV }, // MS-CFB 2.2
  { begins: '\x1f\x8b', what: 'a gzip archive', hint: 'Pipe it in: `zcat FILE | mailgate verify -`.' }, // RFC 1952 2.3.1
  { begins: /^BZh[1-9]1AY&SY/, what: 'a bzip2 archive', hint: UNPACK },
  { begins: '\xfd7zXZ\x00', what: 'an xz archive', hint: UNPACK },
  { begins: '\x28\xb5\x2f\xfd', what: 'a zstd archive', hint: UNPACK }, // RFC 8878 3.1.1
  { begins: '7z\xbc\xaf\x27\x1c', what: 'a 7-Zip archive', hint: UNPACK },
  { begins: 'Rar!\x1a\x07', what: 'a RAR archive', hint: UNPACK },
  { begins: '\x89PNG\r\n\x1a\n', what: 'a PNG image', hint: NOT_A_LIST },
  { begins: '\xff\xd8\xff', what: 'a JPEG image', hint: NOT_A_LIST },
  { begins: /^GIF8[79]a/, what: 'a GIF image', hint: NOT_A_LIST },
  { begins: '%PDF-', what: 'a PDF document', hint: NOT_A_LIST },
  { begins: 'SQLite format 3\x00', what: 'an SQLite database', hint: NOT_A_LIST },
  { begins: /^PAR1[\x00-\x1f]/, what: 'a Parquet file', hint: 'Export it as CSV and pass that file.' },
  { begins: '{\\rtf', what: 'a rich text document', hint: SAVE_AS_CSV },
  // Many "Excel" downloads are a web page in disguise; so is the log-in page saved in place of an export.
  { begins: /^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|table)\b/i, what: 'a web page', hint: SAVE_AS_CSV },
  { begins: /^(?:\xef\xbb\xbf)?\s*<\?xml\b/i, what: 'an XML document', hint: SAVE_AS_CSV },
  {
    begins: /^(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*"[^"]*"\s*:/,
    what: 'JSON',
    hint: 'Turn it into CSV first, or give its addresses to `mailgate check -`, which reads NDJSON.',
  },
];
