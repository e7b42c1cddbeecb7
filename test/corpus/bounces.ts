// Compares what mailgate reads in a corpus of real bounces with their labels, and prints where they part.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MessageReading, readMessage } from '../../src/feedback/bounce.ts';
import type { ReportedAddress } from '../../src/feedback/reported-address.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpora', 'bounce');
export const BOUNCE_LABELS = join(FOLDER, 'expected.jsonl');

interface LabelledRecipient {
  readonly address: string;
  readonly original?: string;
  readonly also?: readonly string[];
  readonly reason: string;
  readonly reason_also?: readonly string[];
  readonly hard?: boolean | null;
  readonly action?: string;
  readonly status?: string;
  readonly uncertain?: boolean;
}

/** One labelled message; `uncertain` on it means that its set of recipients is not to be compared. */
export interface LabelledMessage {
  readonly file: string;
  readonly kind: string;
  readonly recipients: readonly LabelledRecipient[];
  readonly uncertain?: boolean;
}

export interface Share {
  readonly hits: number;
  readonly of: number;
  readonly share: number;
}

export interface BounceFigures {
  readonly kind: Share;
  /** Messages whose recipients are exactly those of the label. */
  readonly recipients: Share;
  readonly hardOrSoft: Share;
  /** Of all recipients compared, those called hard though the label says soft. */
  readonly falselyHard: Share;
  /** sisimai's word, for information: several of its words mean the same here. */
  readonly word: Share;
  readonly lines: readonly string[];
}

export function hasBounceCorpus(): boolean {
  return existsSync(BOUNCE_LABELS);
}

export function readBounceCorpus(): LabelledMessage[] {
  return readFileSync(BOUNCE_LABELS, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

export function bytesOf({ file }: LabelledMessage): Buffer {
  return readFileSync(join(FOLDER, file));
}

/** Reads every message with `read` and counts; `mistakes` tells each difference in a line. */
export function measureBounces(messages: readonly LabelledMessage[]): BounceFigures {
  const read = messages.map((label) => ({ label, found: readMessage(bytesOf(label)) }));
  const pairs = read.flatMap(({ label, found }) => pairsOf(label, found));
  const compared = pairs.filter(({ label }) => typeof label.hard === 'boolean' && label.uncertain !== true);
  const sets = read.filter(({ label }) => label.uncertain !== true);
  const figures = {
    kind: shareOf(read, isKindRight),
    recipients: shareOf(sets, ({ label, found }) => isSetRight(label, found.recipients)),
    hardOrSoft: shareOf(compared, ({ label, found }) => found?.hard === label.hard),
    falselyHard: shareOf(compared, ({ label, found }) => found?.hard === true && label.hard === false),
    word: shareOf(
      pairs.filter(({ label }) => label.uncertain !== true),
      ({ label, found }) => found !== null && sameWord(label, found.sisimaiReason),
    ),
  };
  return { ...figures, lines: [...summary(figures), ...mistakes(read)] };
}

/** A DMARC or TLS report is no kind of these labels. */
function kindOf({ kind }: MessageReading): string {
  return kind === 'report' ? 'not_bounce' : kind;
}

interface Read {
  readonly label: LabelledMessage;
  readonly found: MessageReading;
}

interface Pair {
  readonly file: string;
  readonly label: LabelledRecipient;
  readonly found: ReportedAddress | null;
}

function isKindRight({ label, found }: Read): boolean {
  return kindOf(found) === label.kind;
}

function namesOf({ address, original, also }: LabelledRecipient): string[] {
  return [address, original ?? address, ...(also ?? [])].map((name) => name.toLowerCase());
}

function isSetRight({ recipients }: LabelledMessage, found: readonly ReportedAddress[]): boolean {
  if (recipients.length !== found.length) return false;
  return recipients.every((label) => found.some(({ address }) => namesOf(label).includes(address.toLowerCase())));
}

function pairsOf({ file, recipients }: LabelledMessage, { recipients: found }: MessageReading): Pair[] {
  return recipients.map((label) => ({
    file,
    label,
    found:
      found.find(({ address }) => address.toLowerCase() === label.address.toLowerCase()) ??
      found.find(({ address }) => namesOf(label).includes(address.toLowerCase())) ??
      null,
  }));
}

function sameWord({ reason, reason_also }: LabelledRecipient, word: string): boolean {
  return reason === word || reason_also?.includes(word) === true;
}

function shareOf<T>(items: readonly T[], counts: (item: T) => boolean): Share {
  const hits = items.filter(counts).length;
  return { hits, of: items.length, share: items.length === 0 ? 0 : hits / items.length };
}

function summary(figures: Omit<BounceFigures, 'lines'>): string[] {
  const line = (what: string, { hits, of, share }: Share) =>
    `${what}: ${hits} of ${of} (${(100 * share).toFixed(1)} %)`;
  return [
    line('kinds right', figures.kind),
    line('sets of recipients right', figures.recipients),
    line('hard or soft right', figures.hardOrSoft),
    line('falsely hard', figures.falselyHard),
    line("sisimai's word met (for information)", figures.word),
  ];
}

function mistakes(read: readonly Read[]): string[] {
  return read.flatMap(({ label, found }) => [
    ...(isKindRight({ label, found }) ? [] : [`${label.file}: labelled ${label.kind}, read as ${kindOf(found)}`]),
    ...(label.uncertain === true || isSetRight(label, found.recipients)
      ? []
      : [`${label.file}: labelled ${listed(label.recipients)}, found ${listed(found.recipients)}`]),
    ...pairsOf(label, found).flatMap(weighedWrongly),
  ]);
}

function listed(recipients: readonly { readonly address: string }[]): string {
  return recipients.length === 0 ? 'nobody' : recipients.map(({ address }) => address).join(', ');
}

function weighedWrongly({ file, label, found }: Pair): string[] {
  if (found === null || typeof label.hard !== 'boolean' || label.uncertain === true || found.hard === label.hard)
    return [];
  const weight = label.hard ? 'hard' : 'soft';
  const told = `${found.reason} by ${found.rule} (${found.strength}, stage ${found.stage}, status ${found.status})`;
  return [`${file}: labelled ${weight} (${label.reason}), found ${told}: ${found.diagnostic.slice(0, 160)}`];
}

function speed(messages: readonly LabelledMessage[]): string {
  const files = messages.map(bytesOf);
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < 2000) {
    for (const file of files) readMessage(file);
    count += files.length;
  }
  return `speed: ${Math.round(count / ((performance.now() - start) / 1000))} messages a second on one core`;
}

if (process.argv[1] === import.meta.filename) {
  if (!hasBounceCorpus()) console.log('No corpus of bounces here; nothing to measure.');
  else {
    const messages = readBounceCorpus();
    for (const line of measureBounces(messages).lines) console.log(line);
    console.log(speed(messages));
  }
}
