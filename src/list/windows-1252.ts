// Turns Windows-1252 into UTF-8; every byte has a character, so nothing is lost on the way.

/**
 * Bytes 0x80 to 0x9F (WHATWG Encoding Standard, index windows-1252): five of them have no character at Microsoft and
 * stand for the C1 control of the same number there. All other bytes are the code point of their number. A table of our
 * own, because the TextDecoder of some Node 22 and 23 releases reads this range as Latin-1 (nodejs/node issue 56542).
 */
const C1_RANGE =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

const UTF8_OF_BYTE: readonly Buffer[] = Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte >= 0x80 && byte < 0xa0 ? C1_RANGE.charAt(byte - 0x80) : String.fromCharCode(byte), 'utf8'),
);

/** The same text in UTF-8, in a buffer of its own. */
export function windows1252ToUtf8(bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(utf8LengthOf(bytes, 0, bytes.length));
  let at = 0;
  for (const byte of bytes) {
    if (byte < 0x80) {
      out[at++] = byte;
      continue;
    }
    for (const unit of UTF8_OF_BYTE[byte] as Buffer) out[at++] = unit;
  }
  return out;
}

/** How many bytes a part of a Windows-1252 text has in UTF-8. */
export function utf8LengthOf(bytes: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let at = from; at < to; at++) length += (UTF8_OF_BYTE[bytes[at] as number] as Buffer).length;
  return length;
}
