// Reads the XML of a DMARC aggregate report as a stream: strict reports fast, broken ones as far as they can be read.
import { SaxesParser } from 'saxes';
import { AggregateBuilder } from './dmarc-builder.ts';
import type { AggregateReport, DmarcRecord, ReportFault } from './dmarc-records.ts';
import { MOST_RUN_BYTES, xmlText } from './xml-text.ts';

export interface XmlLimits {
  /** How deep elements may nest inside a record; the schemas need 6. */
  readonly mostDepth: number;
  /** How deep in all: a report whose records lack their end tags nests each in the one before. */
  readonly mostOpenElements: number;
  /** Faults against well-formedness until the rest is given up. */
  readonly mostFaults: number;
}

export const XML_LIMITS: XmlLimits = { mostDepth: 32, mostOpenElements: 10_000, mostFaults: 10_000 };

/** Where a report's records go while it is read. */
export interface RecordSink {
  record(record: DmarcRecord): void;
}

/** What an XML file held: its reports, or the reason why it holds none. */
export type AggregateReading =
  | { readonly status: 'read'; readonly report: AggregateReport }
  | { readonly status: 'refused'; readonly fault: ReportFault };

/**
 * Reads the first report of an XML document. Never throws for its content. Refused are documents with a DOCTYPE (no report
 * has one, and entities are declared there), too deep, or without anything a report has; what was read of others stands,
 * with every fault listed.
 */
export async function readAggregateXml(
  source: AsyncIterable<Buffer>,
  sink: RecordSink,
  limits: XmlLimits = XML_LIMITS,
): Promise<AggregateReading> {
  const reader = new XmlReader(sink, limits);
  for await (const chunk of xmlText(source, { isBroken: () => reader.isBroken })) {
    if (chunk.status === 'text') reader.write(chunk.text, chunk.hadStraySigns);
    else reader.stop({ code: chunk.status, detail: 'a tag without an end' });
    if (reader.isStopped) break;
  }
  return reader.end();
}

/** Reasons after which nothing that was read is used: such a document means harm, not a report. */
const REFUSING = new Set(['doctype', 'too_deep', 'token_too_long']);

class XmlReader {
  readonly #builder: AggregateBuilder;
  readonly #limits: XmlLimits;
  readonly #parser = new SaxesParser({ position: false });
  #stop: ReportFault | null = null;
  #depth = 0;
  #baseDepth = 0;
  #text = '';
  #isLeaf = false;
  #faults = 0;
  #firstFault = '';
  #quietCharacters = 0;

  constructor(sink: RecordSink, limits: XmlLimits) {
    this.#builder = new AggregateBuilder((record) => sink.record(record));
    this.#limits = limits;
    this.#parser.on('opentag', (tag) => this.#open(tag.name));
    this.#parser.on('closetag', () => this.#close());
    this.#parser.on('cdata', this.#addText);
    this.#parser.on('comment', () => {
      this.#quietCharacters = 0;
    });
    this.#parser.on('doctype', () => this.stop({ code: 'doctype', detail: 'it declares a document type' }));
    this.#parser.on('error', (error) => this.#addFault(error.message));
  }

  get isBroken(): boolean {
    return this.#faults > 0;
  }

  get isStopped(): boolean {
    return this.#stop !== null;
  }

  stop(fault: ReportFault): void {
    this.#stop ??= fault;
  }

  /**
   * The parser itself keeps a comment, an attribute or a text of any length in memory until it ends. So one that gives no
   * sign of life over several chunks ends the reading.
   */
  write(text: string, hadStraySigns: boolean): void {
    if (hadStraySigns) this.#addFault('a < or & that was not escaped');
    if (text.includes('\ufffd')) this.#builder.addFault({ code: 'wrong_encoding', detail: 'bytes that are no text' });
    this.#quietCharacters += text.length;
    const step = this.#faults === 0 ? LARGE_PIECE : SMALL_PIECE;
    for (let start = 0; start < text.length && this.#stop === null; start += step) {
      this.#parser.write(text.length <= step ? text : text.slice(start, start + step));
    }
    if (this.#quietCharacters > MOST_QUIET_CHARACTERS) {
      this.stop({ code: 'token_too_long', detail: 'a comment, text or attribute without an end' });
    }
  }

  end(): AggregateReading {
    if (this.#stop === null) this.#parser.close();
    const isUnclosed = this.#depth > 0;
    if (this.#faults > 0) {
      this.#builder.addFault({ code: 'not_well_formed', detail: this.#firstFault, count: this.#faults });
    }
    if (isUnclosed) this.#builder.addFault({ code: 'unclosed', detail: 'it ends before its last end tag' });
    if (this.#stop !== null && REFUSING.has(this.#stop.code)) return { status: 'refused', fault: this.#stop };
    if (this.#stop !== null) this.#builder.addFault(this.#stop);
    const report = this.#builder.finish();
    if (report !== null) return { status: 'read', report };
    const fault = this.#stop ?? { code: 'not_a_report', detail: 'XML without the elements of a DMARC report' };
    return { status: 'refused', fault };
  }

  #open(name: string): void {
    this.#quietCharacters = 0;
    this.#depth += 1;
    if (this.#stop !== null) return;
    // A value whose end tag is missing ends where the next element begins.
    if (this.#isLeaf && this.#text.trim() !== '') this.#builder.value(this.#text);
    this.#text = '';
    this.#isLeaf = true;
    this.#parser.on('text', this.#addText);
    if (this.#builder.open(name)) this.#baseDepth = this.#depth;
    const isTooDeep = this.#depth - this.#baseDepth > this.#limits.mostDepth;
    if (isTooDeep || this.#depth > this.#limits.mostOpenElements) {
      this.stop({ code: 'too_deep', detail: `elements nested ${this.#depth} deep` });
    }
  }

  #close(): void {
    this.#quietCharacters = 0;
    this.#depth -= 1;
    if (this.#stop !== null) return;
    if (this.#isLeaf) this.#builder.value(this.#text);
    this.#isLeaf = false;
    this.#text = '';
    // The white space between elements is two thirds of all texts; without a handler the parser does not cut it out.
    this.#parser.off('text');
    this.#builder.close();
  }

  readonly #addText = (text: string): void => {
    this.#quietCharacters = 0;
    if (!this.#isLeaf) return;
    if (this.#text.length + text.length <= MOST_RUN_BYTES) this.#text += text;
    else this.#addFault('a text is too long and was cut');
  };

  #addFault(message: string): void {
    if (this.#stop !== null) return;
    this.#faults += 1;
    if (this.#faults === 1) this.#firstFault = message.slice(0, 200);
    if (this.#faults > this.#limits.mostFaults) {
      this.stop({ code: 'too_many_faults', detail: 'the rest was not read' });
    }
  }
}

/** The parser goes on behind a fault, and each costs microseconds: so it is looked at in between. In characters. */
const LARGE_PIECE = 128 * 1024;
const SMALL_PIECE = 16 * 1024;

/** Several times what chunks hold: no text or comment of a report comes near. */
const MOST_QUIET_CHARACTERS = 1_000_000;
