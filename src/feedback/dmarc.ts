// Reads whatever may hold DMARC or TLS reports: XML, JSON, archives and messages that carry them, bare or within one another.
import { type Unpacked, unpack } from './archives.ts';
import { contentKind, HEAD_BYTES } from './content-kind.ts';
import type { AggregateReport, ReportFault } from './dmarc-records.ts';
import { type RecordSink, readAggregateXml, XML_LIMITS, type XmlLimits } from './dmarc-xml.ts';
import { type FailureReport, readFailureReport } from './failure-report.ts';
import { feedbackFieldsOf } from './feedback-fields.ts';
import { bytesOfPart, type MimeMessage, type MimePart, readMime } from './mime.ts';
import { headerOf } from './mime-headers.ts';
import { readTlsReport, type TlsReport } from './tls-report.ts';
import { UNPACK_LIMITS, type UnpackLimits } from './unpack-budget.ts';

export type Report = AggregateReport | TlsReport | FailureReport;

/** One report, or the reason why something that might be one is none. `name` is that of a member of an archive. */
export type ReportReading =
  | { readonly status: 'report'; readonly report: Report; readonly name: string | null }
  | { readonly status: 'invalid'; readonly fault: ReportFault; readonly name: string | null };

export interface ReportOptions {
  /** Asked for at the beginning of each aggregate report; its records go there while it is read. */
  readonly newSink: () => RecordSink;
  readonly unpack?: UnpackLimits;
  readonly xml?: XmlLimits;
  /** The largest message or TLS report, which are held in memory. */
  readonly mostHeldBytes?: number;
}

/**
 * All reports in one file or message; at least one reading comes out of each. Never throws for what strangers wrote: a fault
 * that spoils a report is its `invalid` reading, lesser ones are listed in the report.
 */
export async function* readReports(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  options: ReportOptions,
): AsyncGenerator<ReportReading> {
  for await (const content of unpack(source, options.unpack ?? UNPACK_LIMITS)) {
    if (content.status === 'problem') yield invalid(content.reason, content.detail, content.name);
    else if (content.kind === 'text' || content.kind === 'mbox') yield* readMessage(content, options);
    else yield await readDocument(content, options);
  }
}

const MOST_HELD_BYTES = 15 * 1024 * 1024;

type Content = Extract<Unpacked, { status: 'content' }>;

/** A bare report. */
async function readDocument(content: Content, options: ReportOptions): Promise<ReportReading> {
  const { name } = content;
  switch (content.kind) {
    case 'xml': {
      const reading = await readAggregateXml(content.chunks, options.newSink(), options.xml ?? XML_LIMITS);
      return readingOf(reading, content);
    }
    case 'json': {
      const bytes = await held(content.chunks, options.mostHeldBytes ?? MOST_HELD_BYTES);
      if (bytes === null) return invalid('too_large', 'a TLS report above the limit', name);
      return readingOf(readTlsReport(new TextDecoder().decode(bytes)), content);
    }
    case 'empty':
      return invalid(content.stopped()?.reason ?? 'empty', 'it holds nothing', name);
    default:
      return invalid('unsupported', 'neither XML, JSON, an archive nor a message', name);
  }
}

/**
 * Where unpacking was stopped, what was read is not the report: its sums are too low, and a whole copy may come. Only damage
 * behind the end of a whole report (a wrong checksum) does not matter.
 */
function readingOf(
  reading:
    | { readonly status: 'read'; readonly report: Report }
    | { readonly status: 'refused'; readonly fault: ReportFault },
  { name, stopped }: Content,
): ReportReading {
  const stop = stopped();
  const isWhole = reading.status === 'read' && !reading.report.errors.some(({ code }) => code === 'unclosed');
  if (stop !== null && !(stop.reason === 'corrupt' && isWhole)) return invalid(stop.reason, stop.detail, name);
  if (reading.status === 'refused') return { status: 'invalid', fault: reading.fault, name };
  return { status: 'report', report: reading.report, name };
}

async function* readMessage({ chunks, name }: Content, options: ReportOptions): AsyncGenerator<ReportReading> {
  const bytes = await held(chunks, options.mostHeldBytes ?? MOST_HELD_BYTES);
  if (bytes === null) {
    yield invalid('too_large', 'a message above the limit', name);
    return;
  }
  const message = readMime(bytes);
  const failure = readFailureReport(message);
  if (failure !== null) {
    yield { status: 'report', report: failure, name };
    return;
  }
  let isEmpty = true;
  for (const part of message.parts) {
    for await (const reading of readPart(part, options)) {
      isEmpty = false;
      yield reading;
    }
  }
  if (isEmpty) yield withoutReport(message, name);
}

/** What an attachment holds, told by its content: its type and name are wrong too often. */
async function* readPart(part: MimePart, options: ReportOptions): AsyncGenerator<ReportReading> {
  const bytes = bytesOfReport(part, options.mostHeldBytes ?? MOST_HELD_BYTES);
  if (bytes === null) return;
  for await (const content of unpack([bytes], options.unpack ?? UNPACK_LIMITS)) {
    const name = content.name ?? part.fileName;
    if (content.status === 'problem') yield invalid(content.reason, content.detail, name);
    else yield { ...(await readDocument(content, options)), name };
  }
}

/** The decoded bytes of a part that looks like a report or an archive, else null. */
function bytesOfReport(part: MimePart, mostBytes: number): Buffer | null {
  const isUndeclaredBase64 =
    BASE64_OF_REPORT.test(part.raw.slice(0, 20)) && headerOf(part.headers, 'content-transfer-encoding') === '';
  const bytes = isUndeclaredBase64 ? Buffer.from(part.raw, 'base64') : bytesOfPart(part, mostBytes);
  const head = bytes.subarray(0, HEAD_BYTES);
  switch (contentKind(head)) {
    case 'gzip':
    case 'zip':
      return bytes;
    case 'xml':
      return LOOKS_LIKE_DMARC.test(head.toString('latin1').replaceAll('\0', '')) ? bytes : null;
    case 'json':
      return LOOKS_LIKE_TLS.test(head.toString('latin1')) || part.type.includes('tlsrpt') ? bytes : null;
    default:
      return null;
  }
}

/** gzip, zip and `<?xml` in base64: some mailers forget to say that a part is encoded. */
const BASE64_OF_REPORT = /^\s{0,4}(?:H4sI|UEsD|PD94)/;
const LOOKS_LIKE_DMARC = /<(?:[\w.-]{1,30}:)?(?:feedback|report_metadata)\b/i;
const LOOKS_LIKE_TLS = /"(?:organization-name|report-id|policies|contact-info)"/;

function withoutReport(message: MimeMessage, name: string | null): ReportReading {
  const type = headerOf(feedbackFieldsOf(message) ?? new Map(), 'feedback-type');
  if (type !== '') return invalid('complaint', `a ${type.slice(0, 40)} report; "mailgate complaints" reads it`, name);
  return invalid('no_report', 'a message without a report', name);
}

/** All of it, or null where it is more than `most` bytes. */
async function held(chunks: AsyncIterable<Buffer>, most: number): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most) return null;
    pieces.push(chunk);
  }
  return Buffer.concat(pieces);
}

function invalid(code: string, detail: string, name: string | null): ReportReading {
  return { status: 'invalid', fault: { code, detail }, name };
}
