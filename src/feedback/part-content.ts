// Undoes a part's transfer encoding (RFC 2045 section 6) and charset; damaged content yields what can be read of it.
import { TextDecoder } from 'node:util';

export interface EncodedContent {
  /** One character per byte (Latin-1). */
  readonly raw: string;
  /** The Content-Transfer-Encoding, in any case. */
  readonly encoding: string;
  readonly charset: string;
}

/** The bytes of a part. `maxBytes` bounds what is decoded, not what is announced. */
export function contentBytes({ raw, encoding }: EncodedContent, maxBytes: number): Buffer {
  switch (encodingName(encoding)) {
    case 'base64':
      return Buffer.from(raw.slice(0, Math.ceil(maxBytes / 3) * 4 + 4096), 'base64').subarray(0, maxBytes);
    case 'quoted-printable':
      return Buffer.from(decodeQuotedPrintable(raw.slice(0, maxBytes * 3)), 'latin1').subarray(0, maxBytes);
    default:
      return Buffer.from(raw.slice(0, maxBytes), 'latin1');
  }
}

/** The text of a part with LF line ends, never throwing for an unknown or wrong charset. */
export function contentText(content: EncodedContent, maxCharacters: number): string {
  const isPlain = encodingName(content.encoding) === '';
  const bytes = isPlain ? null : contentBytes(content, maxCharacters);
  const raw = bytes === null ? content.raw.slice(0, maxCharacters) : bytes.toString('latin1');
  const text = isAscii(raw) ? raw : decodeCharset(bytes ?? Buffer.from(raw, 'latin1'), content.charset);
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function encodingName(encoding: string): 'base64' | 'quoted-printable' | '' {
  const name = encoding.trim().toLowerCase();
  if (name.startsWith('base64')) return 'base64';
  return name.startsWith('quoted-printable') ? 'quoted-printable' : '';
}

/** RFC 2045 section 6.7: `=XX` is a byte, `=` before a line end joins the lines; anything else stays as it is. */
function decodeQuotedPrintable(raw: string): string {
  if (!raw.includes('=')) return raw;
  return raw.replace(/=(?:([0-9A-Fa-f]{2})|[ \t]{0,20}\r?\n)/g, (_whole, hex: string | undefined) =>
    hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** ESC would begin a charset change of ISO-2022-JP, whose bytes are all below 0x80. */
function isAscii(raw: string): boolean {
  return !/[\u0080-\u00ff\u001b]/.test(raw);
}

/** Misspelt or outdated names met in bounces; UTF-7 is read as ASCII, for reports use nothing else of it. */
const CHARSET_NAMES: ReadonlyMap<string, string> = new Map([
  ['uft-8', 'utf-8'],
  ['utf', 'utf-8'],
  ['unicode-1-1-utf-7', 'windows-1252'],
  ['utf-7', 'windows-1252'],
  ['cp932', 'shift_jis'],
  ['iso2022jp', 'iso-2022-jp'],
  ['ansi_x3.4-1968', 'windows-1252'],
]);

const UNTOLD = new Set(['', 'us-ascii', 'ascii', 'default', 'unknown-8bit', 'x-unknown']);

function decodeCharset(bytes: Buffer, charset: string): string {
  const name = charset.trim().toLowerCase();
  if (UNTOLD.has(name)) return decodeUntold(bytes);
  return decodeAs(CHARSET_NAMES.get(name) ?? name, bytes) ?? decodeUntold(bytes);
}

/** Nothing said: UTF-8 shows itself by its form, ISO-2022-JP by its escapes; the rest is taken for Western European. */
function decodeUntold(bytes: Buffer): string {
  if (bytes.includes('\u001b$')) return decodeAs('iso-2022-jp', bytes) ?? bytes.toString('latin1');
  try {
    return UTF_8.decode(bytes);
  } catch {
    return decodeAs('windows-1252', bytes) ?? bytes.toString('latin1');
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** Decoders by name; only names TextDecoder knows are kept, so a stranger cannot fill it. */
const DECODERS = new Map<string, TextDecoder>();

function decodeAs(name: string, bytes: Buffer): string | null {
  try {
    const decoder = DECODERS.get(name) ?? new TextDecoder(name);
    DECODERS.set(name, decoder);
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
