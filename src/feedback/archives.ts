// Unpacks gzip and zip, also within one another, as streams within limits; what is inside is for others to read.
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { type ContentKind, contentKind, HEAD_BYTES } from './content-kind.ts';
import { gunzip } from './gunzip.ts';
import { type Stop, UNPACK_LIMITS, UnpackBudget, type UnpackLimits } from './unpack-budget.ts';

/** One thing that is no archive, found at the bottom of the layers; or what could not be unpacked. */
export type Unpacked =
  | {
      readonly status: 'content';
      /** The member's name in its archive; null for what came bare. Only to be shown. */
      readonly name: string | null;
      readonly kind: ContentKind;
      /** To be read before the next one is asked for. Ends early, without an error, where `stopped` says why. */
      readonly chunks: AsyncIterable<Buffer>;
      readonly stopped: () => Stop | null;
    }
  | ({ readonly status: 'problem'; readonly name: string | null } & Stop);

/**
 * All members of all layers, or the source itself where it is no archive. What archives say of names, types and sizes is
 * not believed: content is told by its first bytes and sizes are counted. Nothing is written to disk.
 */
export async function* unpack(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  limits: UnpackLimits = UNPACK_LIMITS,
): AsyncGenerator<Unpacked> {
  const budget = new UnpackBudget(limits);
  yield* unpackLayer({ chunks: source, name: null, layer: 0, fault: { stop: null } }, budget);
}

/** Set by a stream that ended early; the streams of the layers around it share one. */
interface Fault {
  stop: Stop | null;
}

interface Layer {
  readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>;
  readonly name: string | null;
  /** How many archives it came out of. */
  readonly layer: number;
  readonly fault: Fault;
}

async function* unpackLayer(source: Layer, budget: UnpackBudget): AsyncGenerator<Unpacked> {
  const { head, chunks } = await peek(source.chunks);
  const { name, layer, fault } = source;
  const kind = contentKind(head);
  if (kind !== 'gzip' && kind !== 'zip') {
    yield { status: 'content', name, kind, chunks, stopped: () => fault.stop };
    return;
  }
  if (layer >= budget.limits.mostLayers) {
    yield { status: 'problem', name, reason: 'too_many_layers', detail: `more than ${layer} archives in one another` };
    return;
  }
  const packed = { ...source, chunks: layer === 0 ? countedIn(chunks, { budget, fault }) : chunks };
  if (kind === 'gzip') {
    const chunks = countedOut(gunzip(packed.chunks, faultSetter(fault)), { budget, fault });
    yield* unpackLayer({ ...packed, chunks, layer: layer + 1 }, budget);
  } else {
    yield* unpackZip(packed, budget);
  }
}

async function peek(source: Layer['chunks']): Promise<{ head: Buffer; chunks: AsyncIterable<Buffer> }> {
  const iterator = (async function* () {
    yield* source;
  })();
  const pieces: Buffer[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    pieces.push(next.value);
    length += next.value.length;
  }
  const chunks = (async function* () {
    yield* pieces.splice(0);
    yield* iterator;
  })();
  return { head: Buffer.concat(pieces).subarray(0, HEAD_BYTES), chunks };
}

interface Account {
  readonly budget: UnpackBudget;
  readonly fault: Fault;
}

async function* countedIn(source: AsyncIterable<Buffer>, { budget, fault }: Account): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    fault.stop ??= budget.takeIn(chunk.length);
    if (fault.stop !== null) return;
    yield chunk;
  }
}

async function* countedOut(source: AsyncIterable<Buffer>, { budget, fault }: Account): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source) {
      fault.stop ??= budget.takeOut(chunk.length);
      if (fault.stop !== null) return;
      yield chunk;
    }
  } catch (error) {
    fault.stop ??= { reason: 'corrupt', detail: messageOf(error) };
  }
}

function faultSetter(fault: Fault): (detail: string) => void {
  return (detail) => {
    fault.stop ??= { reason: 'corrupt', detail };
  };
}

async function* unpackZip(source: Layer, budget: UnpackBudget): AsyncGenerator<Unpacked> {
  const { name, fault } = source;
  const bytes = await joined(source.chunks);
  const zip = fault.stop === null ? await openZip(bytes) : fault.stop;
  if ('reason' in zip) {
    yield { status: 'problem', name, ...zip };
    return;
  }
  const entries = zip.eachEntry();
  for (;;) {
    const entry = await nextEntry(entries);
    if (entry === null) return;
    const problem = 'reason' in entry ? entry : isClutter(entry) ? null : (budget.takeMember() ?? refusalOf(entry));
    if (problem !== null) yield { status: 'problem', name, ...problem };
    if ('reason' in entry || problem?.reason === 'too_many_members') return;
    if (problem !== null || isClutter(entry)) continue;
    yield* unpackMember({ zip, entry, layer: source.layer }, budget);
  }
}

async function* unpackMember(
  { zip, entry, layer }: { readonly zip: ZipFile; readonly entry: Entry; readonly layer: number },
  budget: UnpackBudget,
): AsyncGenerator<Unpacked> {
  const fault: Fault = { stop: null };
  const name = nameOf(entry);
  try {
    const stream = await zip.openReadStreamPromise(entry);
    const chunks = countedOut(stream, { budget, fault });
    yield* unpackLayer({ chunks, name, layer: layer + 1, fault }, budget);
    stream.destroy();
  } catch (error) {
    yield { status: 'problem', name, reason: 'corrupt', detail: messageOf(error) };
  }
}

async function joined(chunks: Layer['chunks']): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}

/** Names stay bytes: yauzl would refuse an archive for a name that no one here ever writes to disk. */
async function openZip(bytes: Buffer): Promise<ZipFile | Stop> {
  try {
    return await fromBufferPromise(bytes, { decodeStrings: false, validateEntrySizes: true });
  } catch (error) {
    return { reason: 'corrupt', detail: messageOf(error) };
  }
}

async function nextEntry(entries: AsyncIterator<Entry>): Promise<Entry | Stop | null> {
  try {
    const next = await entries.next();
    return next.done === true ? null : next.value;
  } catch (error) {
    return { reason: 'corrupt', detail: messageOf(error) };
  }
}

function nameOf({ fileNameRaw }: Entry): string {
  return fileNameRaw.subarray(0, 200).toString('utf8');
}

/** Folders, and what macOS puts beside each file. */
function isClutter(entry: Entry): boolean {
  const name = nameOf(entry);
  return name.endsWith('/') || name.startsWith('__MACOSX/') || name.endsWith('.DS_Store');
}

function refusalOf(entry: Entry): Stop | null {
  if (entry.isEncrypted()) return { reason: 'encrypted', detail: `${nameOf(entry)} needs a password` };
  if (entry.canDecodeFileData()) return null;
  return { reason: 'unsupported', detail: `compression method ${entry.compressionMethod}` };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'unknown fault';
}
