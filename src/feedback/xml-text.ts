// Turns the bytes of an XML report into text in chunks that a parser can take: decoded, and mended where a sign is stray.
import { isAscii } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** A tag, or text without any tag, is no longer than this; what is, is left out of the text or ends the reading. */
export const MOST_RUN_BYTES = 64 * 1024;

/** Text ready for the parser, or why nothing more comes. */
export type XmlChunk =
  | { readonly status: 'text'; readonly text: string; readonly hadStraySigns: boolean }
  | { readonly status: 'token_too_long' };

/**
 * Decodes by byte order mark, else by the declared encoding, else as UTF-8; wrong bytes become U+FFFD. A `<` that begins no
 * tag (`a<b</x>`, `<name@example.com>`) is dropped and a `&` that begins no entity escaped, which reporters forget. No chunk
 * ends inside a tag.
 *
 * Looking for such signs costs a sixth of the time of parsing, so far into a report it is done only where `isBroken` says
 * that faults were met: who forgets to escape shows it before the 16th megabyte.
 */
export async function* xmlText(
  source: AsyncIterable<Buffer>,
  options: { readonly isBroken: () => boolean },
): AsyncGenerator<XmlChunk> {
  let decode: ((bytes: Buffer) => string) | null = null;
  let looked = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of slicesOf(utf16AsUtf8(source))) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = endOfLastTag(bytes);
    if (end > 0) decode ??= decoderFor(bytes); // before, the declaration may not be whole
    rest = Buffer.from(bytes.subarray(end));
    const mend = looked < ALWAYS_MENDED_BYTES || options.isBroken();
    looked += end;
    if (decode !== null && end > 0) yield textChunk(bytes.subarray(0, end), { decode, mend });
    if (rest.length > MOST_RUN_BYTES) {
      yield { status: 'token_too_long' };
      return;
    }
  }
  if (rest.length > 0) yield textChunk(rest, { decode: decode ?? decoderFor(rest), mend: true });
}

/**
 * Text in small pieces dies young: of larger ones, each collection of garbage finds one alive, and in the end the heap is
 * twice as large.
 */
const SLICE_BYTES = 16 * 1024;

async function* slicesOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    for (let start = 0; start < chunk.length; start += SLICE_BYTES) yield chunk.subarray(start, start + SLICE_BYTES);
  }
}

const ALWAYS_MENDED_BYTES = 16_000_000;

const LESS = 0x3c;
const GREATER = 0x3e;
const AT_SIGN = 0x40;

/**
 * Where to cut so that no tag (nor, since `<` is ASCII in all these encodings, a character before it) is cut in two. Text
 * behind the last tag is kept back as well, within reason, for it may end in half a character.
 */
function endOfLastTag(bytes: Buffer): number {
  const less = bytes.lastIndexOf(LESS);
  const greater = bytes.lastIndexOf(GREATER);
  if (less > greater) return less;
  return bytes.length - greater > MOST_RUN_BYTES ? bytes.length : greater + 1;
}

function textChunk(
  bytes: Buffer,
  { decode, mend }: { readonly decode: (bytes: Buffer) => string; readonly mend: boolean },
): XmlChunk {
  const text = decode(bytes);
  const hadStraySigns = mend && hasStraySign(bytes);
  const mended = withoutBareAmpersands(hadStraySigns ? text.replace(STRAY, '') : text);
  return { status: 'text', text: mended, hadStraySigns: hadStraySigns || mended.length > text.length };
}

/** To the parser a `&` begins an entity that lasts until the next semicolon, which may be a hundred records away. */
function withoutBareAmpersands(text: string): string {
  if (!text.includes('&') || text.includes('<![CDATA[')) return text;
  return text.replace(/&(?!(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,30});)/gi, '&amp;');
}

/** One pass over the bytes, a fraction of what parsing costs. Comments may give a false alarm, which does no harm. */
function hasStraySign(bytes: Buffer): boolean {
  let isInTag = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte > AT_SIGN) continue;
    if (byte === LESS) {
      if (isInTag) return true;
      isInTag = true;
    } else if (byte === GREATER) isInTag = false;
    else if (byte === AT_SIGN && isInTag) return true;
  }
  return false;
}

/** A `<` with no `>` before the next `<`, or one that opens an address; those of comments and CDATA (`<!`) stay. */
const STRAY = /<(?!!)(?![^<>]{0,65536}>)|<(?=[\w.+-]{1,64}@)/g;

function decoderFor(head: Buffer): (bytes: Buffer) => string {
  const decoder = decoderNamed(declaredEncoding(head));
  return (bytes) => (isAscii(bytes) ? bytes.toString('latin1') : decoder.decode(bytes));
}

/** The declaration could be read byte by byte, so the text is not UTF-16, whatever it says. */
function declaredEncoding(head: Buffer): string {
  const declaration = head.toString('latin1', 0, 300);
  const name = /^[^>]{0,200}encoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})["']/.exec(declaration)?.[1] ?? 'utf-8';
  return /^(?:utf-?16|ucs|iso-10646)/i.test(name) ? 'utf-8' : name;
}

function decoderNamed(name: string): TextDecoder {
  try {
    return new TextDecoder(name);
  } catch {
    return new TextDecoder('utf-8'); // an encoding nobody knows
  }
}

/** Passes other encodings through: reports in UTF-16 are rare, so that what follows need not know of them. */
async function* utf16AsUtf8(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | null | undefined;
  let head: Buffer | null = null;
  for await (const chunk of source) {
    const bytes: Buffer = head === null ? chunk : Buffer.concat([head, chunk]);
    if (decoder === undefined && bytes.length < MARK_BYTES) {
      head = bytes;
      continue;
    }
    head = null;
    if (decoder === undefined) decoder = utf16DecoderFor(bytes);
    yield decoder === null ? bytes : Buffer.from(decoder.decode(bytes, { stream: true }));
  }
  if (head !== null) yield head;
}

/** By so many bytes UTF-16 is told. */
const MARK_BYTES = 2;

function utf16DecoderFor([first, second]: Buffer): TextDecoder | null {
  if ((first === 0xff && second === 0xfe) || (first === LESS && second === 0)) return new TextDecoder('utf-16le');
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === LESS)) return new TextDecoder('utf-16be');
  return null;
}
