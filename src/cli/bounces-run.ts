// Reads the messages of a scan in batches: keeps what they brought about, then shows it, then moves them away.
import { type MessageReading, readMessage } from '../feedback/bounce.ts';
import type { SourceItem, SourcePlace } from '../feedback/sources.ts';
import type { VerpKey } from '../feedback/verp.ts';
import type { ScannedMessage } from '../store/scan-memory.ts';
import type { SuppressionEvent, SuppressionOutcome } from '../store/suppressions.ts';
import { type Consequence, consequencesOf } from './bounces-events.ts';
import type { BounceRecord } from './bounces-record.ts';
import { shownKind } from './bounces-record.ts';
import { provenReading } from './bounces-verp.ts';

/** Where a batch's results are kept: all of it or nothing. */
export interface BounceFeed {
  commit(events: readonly SuppressionEvent[], messages: readonly ScannedMessage[]): readonly SuppressionOutcome[];
}

export interface BouncesRun {
  readonly items: AsyncIterable<SourceItem>;
  /** Null where nothing is to be suppressed: then messages are only read and shown. */
  readonly feed: BounceFeed | null;
  readonly keys: readonly VerpKey[];
  readonly show: (record: BounceRecord) => Promise<void>;
  /** Told of each file that could not be read. */
  readonly problem: (item: SourceItem & { readonly status: 'problem' }) => void;
  /** Called for each message once its result is kept; with the reason where it could not be read. */
  readonly finish: (message: Message, fault: string | null) => void;
  /** Called for each message known from an earlier run, which may have been stopped before it had finished with it. */
  readonly seenBefore: (place: SourcePlace) => void;
  readonly now: () => number;
  /** Throws where the run is to stop; asked between batches. */
  readonly throwIfStopped: () => void;
}

export interface BounceCounts {
  messages: number;
  /** Known from an earlier scan. */
  seen: number;
  readonly kinds: Map<string, number>;
  readonly strengths: Map<string, number>;
  readonly outcomes: Map<string, number>;
}

/** Small enough that a stop is quick and little is in memory, large enough that committing costs little. */
const BATCH = 100;
/** Some messages are megabytes: a batch ends there too. */
const BATCH_BYTES = 8_000_000;

type Message = SourceItem & { readonly status: 'message' };

/** Reads all items. What a batch said is committed in one transaction before anything of it is shown or moved. */
export async function runBounces(run: BouncesRun): Promise<BounceCounts> {
  const counts: BounceCounts = { messages: 0, seen: 0, kinds: new Map(), strengths: new Map(), outcomes: new Map() };
  let batch: Message[] = [];
  let bytes = 0;
  for await (const item of run.items) {
    if (item.status === 'problem') run.problem(item);
    else if (item.status === 'seen') {
      counts.seen += 1;
      run.seenBefore(item.place);
    } else {
      batch.push(item);
      bytes += item.bytes.length;
    }
    if (batch.length < BATCH && bytes < BATCH_BYTES) continue;
    await takeBatch(batch, run, counts);
    batch = [];
    bytes = 0;
  }
  await takeBatch(batch, run, counts);
  return counts;
}

interface Taken {
  readonly message: Message;
  readonly record: BounceRecord;
  readonly consequences: readonly Consequence[];
}

async function takeBatch(batch: readonly Message[], run: BouncesRun, counts: BounceCounts): Promise<void> {
  run.throwIfStopped();
  const taken = batch.map((message) => take(message, run));
  const outcomes = run.feed === null ? [] : run.feed.commit(eventsOf(taken), taken.map(remembered));
  let next = 0;
  for (const { message, record, consequences } of taken) {
    const told = consequences.map((consequence) => {
      if (run.feed === null) return null;
      return consequence.status === 'event' ? (outcomes[next++] ?? null) : consequence.outcome;
    });
    const complete = { ...record, outcomes: told };
    count(counts, complete);
    await run.show(complete);
    run.finish(message, record.reading.kind === 'unparsed' ? record.reading.detail : null);
  }
}

function take(message: Message, { keys, now }: BouncesRun): Taken {
  const { reading, proof } = provenReading(readSafely(message.bytes), keys);
  const consequences = consequencesOf(reading, { sha256: message.sha256, proof, now: now() });
  return { message, record: { place: message.place, reading, proof, outcomes: [] }, consequences };
}

/** A message that shows a bug of the reader must not stop the scan of the others: it is set aside with its reason. */
function readSafely(bytes: Buffer): MessageReading {
  try {
    return readMessage(bytes);
  } catch (error) {
    return {
      kind: 'unparsed',
      detail: `Set aside, for reading it failed: ${(error as Error).message}. Please report this as a bug.`,
      subject: '',
      from: '',
      messageId: null,
      date: null,
      recipients: [],
      returnAddresses: [],
      cut: [],
    };
  }
}

function eventsOf(taken: readonly Taken[]): SuppressionEvent[] {
  return taken.flatMap(({ consequences }) =>
    consequences.flatMap((consequence) => (consequence.status === 'event' ? [consequence.event] : [])),
  );
}

function remembered({ message, record: { reading } }: Taken): ScannedMessage {
  const { key } = message.place;
  return {
    at: key === undefined ? null : { place: key, stamp: '' },
    sha256: message.sha256,
    outcome: reading.kind === 'unparsed' ? 'quarantined' : reading.kind,
    detail: reading.kind === 'unparsed' ? reading.detail : null,
  };
}

function count(counts: BounceCounts, { reading, outcomes }: BounceRecord): void {
  counts.messages += 1;
  increase(counts.kinds, shownKind(reading));
  if (reading.kind === 'bounce') for (const { strength } of reading.recipients) increase(counts.strengths, strength);
  for (const outcome of outcomes) if (outcome !== null) increase(counts.outcomes, outcome.status);
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
