// Splits one message into its headers and parts within fixed bounds; what the parts mean is for others to say.
//
// The outer structure is split here and not by postal-mime, which decodes every part, builds HTML and text forms and
// works asynchronously: a reader of bounces looks at two small parts of each message and at none of the original's.
// Over the same real bounces this splits some 45,000 messages a second, and postal-mime reads 1,300.
import { type ContentType, parseContentType } from './content-type.ts';
import { type HeaderLimits, headerOf, type MailHeaders, MIME_HEADER_LIMITS, readHeaders } from './mime-headers.ts';
import { contentBytes, contentText } from './part-content.ts';

export interface MimeLimits extends HeaderLimits {
  /** Bytes of a message that are looked at; what follows is left out. */
  readonly maxBytes: number;
  /** How deep multiparts may nest; real reports have four levels. */
  readonly maxDepth: number;
  readonly maxParts: number;
  /** How many messages within messages are opened: a report may come attached, a report in a report in one may not. */
  readonly maxMessageDepth: number;
}

export const MIME_LIMITS: MimeLimits = {
  maxBytes: 15_000_000,
  maxDepth: 12,
  maxParts: 1000,
  maxMessageDepth: 1,
  ...MIME_HEADER_LIMITS,
};

export interface MimePart extends ContentType {
  readonly headers: MailHeaders;
  /** The name a mail program would save it by, or null. */
  readonly fileName: string | null;
  /** 0 for parts of the message itself, 1 for parts of a message attached to it. */
  readonly messageDepth: number;
  /** Undecoded, one character per byte. */
  readonly raw: string;
}

export interface MimeMessage {
  readonly headers: MailHeaders;
  readonly contentType: ContentType;
  /** All parts that hold no parts themselves, in the order they stand; an attached message comes before its own. */
  readonly parts: readonly MimePart[];
  /** Which limits were met: what lies behind them was not read. */
  readonly cut: readonly ('size' | 'depth' | 'parts' | 'headers')[];
}

/** Never throws: what cannot be split is one part. Line ends may be LF, CRLF or, throughout, bare CR. */
export function readMime(bytes: Uint8Array, limits: MimeLimits = MIME_LIMITS): MimeMessage {
  const source = withLineFeeds(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, limits.maxBytes)));
  const walk: Walk = { limits, parts: [], cut: new Set() };
  if (bytes.length > limits.maxBytes) walk.cut.add('size');
  const { headers, body } = splitEntity(source, walk);
  const contentType = parseContentType(headerOf(headers, 'content-type'));
  addEntity(walk, { headers, contentType, body, depth: 0, messageDepth: 0 });
  return { headers, contentType, parts: walk.parts, cut: [...walk.cut] };
}

/** The decoded bytes of a part, at most `maxBytes` of them. */
export function bytesOfPart(part: MimePart, maxBytes: number): Buffer {
  return contentBytes(encodedContent(part), maxBytes);
}

/** The decoded text of a part with LF line ends, at most about `maxCharacters` of it. */
export function textOfPart(part: MimePart, maxCharacters = 256_000): string {
  return contentText(encodedContent(part), maxCharacters);
}

function encodedContent({ raw, headers, parameters }: MimePart) {
  return {
    raw,
    encoding: headerOf(headers, 'content-transfer-encoding'),
    charset: parameters.get('charset') ?? '',
  };
}

/** One character per byte. Bare CR ends lines only where no LF does (old Mac files): else it is content. */
function withLineFeeds(bytes: Buffer): string {
  const source = bytes.toString('latin1');
  return source.includes('\n') ? source : source.replaceAll('\r', '\n');
}

interface Walk {
  readonly limits: MimeLimits;
  readonly parts: MimePart[];
  readonly cut: Set<'size' | 'depth' | 'parts' | 'headers'>;
}

interface Entity {
  readonly headers: MailHeaders;
  readonly contentType: ContentType;
  readonly body: string;
  readonly depth: number;
  readonly messageDepth: number;
}

function splitEntity(source: string, walk: Walk): { headers: MailHeaders; body: string } {
  const { headers, bodyStart, cut } = readHeaders(source, 0, walk.limits);
  if (cut) walk.cut.add('headers');
  return { headers, body: source.slice(bodyStart) };
}

function addEntity(walk: Walk, entity: Entity): void {
  const { contentType, depth, body, messageDepth } = entity;
  const boundary = contentType.parameters.get('boundary') ?? '';
  if (contentType.type.startsWith('multipart/') && boundary !== '') {
    if (depth < walk.limits.maxDepth) {
      const childType = contentType.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
      const children = splitMultipart(body, boundary, walk);
      for (const child of children) addChild(walk, child, { childType, depth: depth + 1, messageDepth });
      if (children.length > 0) return;
    } else walk.cut.add('depth');
  }
  addPart(walk, entity);
  if (isMessage(contentType.type) && messageDepth < walk.limits.maxMessageDepth) {
    addChild(walk, transferDecoded(entity), { childType: 'text/plain', depth, messageDepth: messageDepth + 1 });
  }
}

function addChild(
  walk: Walk,
  source: string,
  { childType, depth, messageDepth }: { childType: string; depth: number; messageDepth: number },
): void {
  if (walk.parts.length >= walk.limits.maxParts) {
    walk.cut.add('parts');
    return;
  }
  const { headers, body } = splitEntity(source, walk);
  const value = headerOf(headers, 'content-type');
  addEntity(walk, { headers, contentType: parseContentType(value || childType), body, depth, messageDepth });
}

function isMessage(type: string): boolean {
  return type === 'message/rfc822' || type === 'message/global';
}

/** RFC 6532 section 3.5 allows an encoded message/global, and some encode message/rfc822 in spite of RFC 2046. */
function transferDecoded({ headers, body }: Entity): string {
  const encoding = headerOf(headers, 'content-transfer-encoding');
  return contentBytes({ raw: body, encoding, charset: '' }, body.length).toString('latin1');
}

function addPart(walk: Walk, { headers, contentType, body, messageDepth }: Entity): void {
  const disposition = parseContentType(headerOf(headers, 'content-disposition'));
  const fileName = disposition.parameters.get('filename') ?? contentType.parameters.get('name') ?? null;
  const type = contentType.type === '' ? 'text/plain' : contentType.type;
  walk.parts.push({ type, parameters: contentType.parameters, headers, fileName, messageDepth, raw: body });
}

/**
 * The bodies between the delimiter lines (RFC 2046 section 5.1.1); a missing closing delimiter is forgiven. Finds each
 * delimiter with one search, so the time is in proportion to the text.
 */
function splitMultipart(body: string, boundary: string, { limits, cut }: Walk): string[] {
  const delimiter = `--${boundary}`;
  const children: string[] = [];
  let start = -1;
  let position = 0;
  while (children.length <= limits.maxParts) {
    const found = body.indexOf(delimiter, position);
    if (found === -1) break;
    position = found + delimiter.length;
    if (found > 0 && body[found - 1] !== '\n') continue;
    const isClosing = body.startsWith('--', position);
    const lineEnd = body.indexOf('\n', position);
    const tail = body.slice(position, lineEnd === -1 ? body.length : Math.min(lineEnd, position + 200));
    if (!isClosing && tail.trim() !== '') continue; // a longer boundary that begins with this one
    if (start !== -1) children.push(withoutLastLineEnd(body.slice(start, found)));
    start = isClosing || lineEnd === -1 ? -1 : lineEnd + 1;
    if (isClosing) break;
  }
  if (children.length > limits.maxParts) cut.add('parts');
  else if (start !== -1) children.push(body.slice(start));
  return children;
}

/** The line end before a delimiter belongs to the delimiter. */
function withoutLastLineEnd(text: string): string {
  if (text.endsWith('\r\n')) return text.slice(0, -2);
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}
