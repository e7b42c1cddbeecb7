// Says what bytes are by their beginning, whatever name or type they came under: names and types lie too often.

/** What the first bytes look like; `text` is anything else that may be a message, `binary` what cannot be one. */
export type ContentKind = 'empty' | 'gzip' | 'zip' | 'xml' | 'json' | 'mbox' | 'text' | 'binary';

/** How much of the beginning is needed to tell. */
export const HEAD_BYTES = 4096;

/** The kind of content that begins with `head` (its first `HEAD_BYTES` bytes, or all of it where it is shorter). */
export function contentKind(head: Uint8Array): ContentKind {
  if (head.length === 0) return 'empty';
  if (startsWith(head, GZIP)) return 'gzip';
  if (ZIP_SIGNATURES.some((signature) => startsWith(head, signature))) return 'zip';
  if (startsWith(head, FROM_LINE)) return 'mbox';
  const text = opening(head);
  if (text.startsWith('<') || XML_BEHIND_JUNK.test(text)) return 'xml';
  if (text.startsWith('{')) return 'json';
  return looksBinary(head) ? 'binary' : 'text';
}

const GZIP = [0x1f, 0x8b];
/** A local file, an empty archive, a spanned archive (APPNOTE.TXT sections 4.3.7, 4.3.16, 8.5.3). */
const ZIP_SIGNATURES = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x50, 0x4b, 0x05, 0x06],
  [0x50, 0x4b, 0x07, 0x08],
];
const FROM_LINE = [...Buffer.from('From ')];

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}

/** The first characters behind byte order marks, zero bytes of UTF-16 and white space. */
function opening(head: Uint8Array): string {
  return Buffer.from(head.subarray(0, 512)).toString('latin1').replaceAll('\0', '').replace(BEFORE_CONTENT, '');
}

/** UTF-8's mark as Latin-1, UTF-16's in both orders, and white space. */
const BEFORE_CONTENT = /^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)?\s*/;

/** Something before the declaration, but no header fields: then it would be a message that holds XML. */
const XML_BEHIND_JUNK = /^(?![\w-]{1,80}[ \t]{0,9}:)[^<]{1,400}<(?:\?xml\s|(?:[\w.-]{1,30}:)?feedback[\s>])/i;

/** Text may be in any charset, so only zero bytes (which no message holds) decide, and they must be many. */
function looksBinary(head: Uint8Array): boolean {
  let zeros = 0;
  for (const byte of head) if (byte === 0) zeros += 1;
  return zeros > head.length / 64;
}
