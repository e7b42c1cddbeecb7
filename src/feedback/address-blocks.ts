// Reads reports that put each failed address at the head of its reason, the commonest shape of text bounces.
import { plainAddress } from './recipient-address.ts';

/** One address a text says to have failed. */
export interface TextRecipient {
  readonly address: string;
  /** What the text says of it; lines joined by "\n". */
  readonly text: string;
  /** Whom the mail was sent to before an alias was expanded, where the text tells. */
  readonly expandedFrom: string | null;
}

/** Where a reason ends: with its paragraph, or only before the next address or at the end of the report. */
export type ReasonExtent = 'paragraph' | 'rest';

interface Head {
  readonly address: string;
  readonly rest: string;
  readonly indent: number;
}

interface Block {
  readonly head: Head;
  readonly lines: string[];
  isClosed: boolean;
}

const MAX_BLOCKS = 1000;
const MAX_REASON_LINES = 60;
const MAX_TEXT = 8192;

/** The addresses that open a line, each with the lines behind it; one that heads several lines is named once. */
export function readAddressBlocks(lines: readonly string[], extent: ReasonExtent): TextRecipient[] {
  const blocks: Block[] = [];
  for (const line of lines) {
    const current = blocks[blocks.length - 1];
    const head = headOf(line);
    if (head !== null && blocks.length < MAX_BLOCKS && opensBlock(head, current)) {
      blocks.push({ head, lines: head.rest === '' ? [] : [head.rest], isClosed: false });
    } else if (current !== undefined) addToBlock(current, line, extent);
  }
  shareReasons(blocks);
  return uniqueRecipients(blocks.map(blockRecipient));
}

/** Several entries for one address become one that says all of it. */
export function uniqueRecipients(recipients: readonly TextRecipient[]): TextRecipient[] {
  const byAddress = new Map<string, TextRecipient>();
  for (const recipient of recipients) {
    const key = recipient.address.toLowerCase();
    const known = byAddress.get(key);
    if (known === undefined || known.text === '') byAddress.set(key, recipient);
    else if (known.text.length < MAX_TEXT && !known.text.includes(recipient.text)) {
      byAddress.set(key, { ...known, text: `${known.text}\n${recipient.text}` });
    }
  }
  return [...byAddress.values()];
}

/** `<addr>: reason`, `<addr> (reason)`: what stands in angle brackets at the margin is a head whatever follows. */
const ANGLE_HEAD = /^(\s{0,12})(?:>>>\s|[*-]{1,3}\s{1,3})?<([^<>\s]{1,400})>\s{0,4}:?\s{0,4}(.*)$/;
const QUOTED_HEAD = /^(\s{0,12})"([^"\s]{1,400})"\s{0,4}:\s{0,4}(.*)$/;
/**
 * An address without brackets heads a line only where nothing follows it, or what no prose would go on with: a colon,
 * "...", a bracket, Exchange's "on Thu, 29 Apr", Zoho's "Invalid Address".
 */
const BARE_HEAD =
  /^(\s{0,12})(?:>>>\s|->\s|[*-]{1,3}\s{1,3})?([^\s<>"():;,[\]]{1,300}@[^\s<>"():;,[\]]{1,255}?)\.?\s{0,4}(?:$|:\s{0,4}(?=\S|$)|(?=\.\.\.|\[|<|\(|on [A-Z][a-z]{2},|Invalid Address))(.*)$/;

function headOf(line: string): Head | null {
  if (!line.includes('@')) return null;
  const capped = line.slice(0, 1000);
  const match = ANGLE_HEAD.exec(capped) ?? QUOTED_HEAD.exec(capped) ?? BARE_HEAD.exec(capped);
  if (match === null) return null;
  const address = plainAddress(match[2] ?? '');
  if (address === null) return null;
  const rest = (match[3] ?? '').trim();
  // "a@b.example <a@b.example>" says the address twice and nothing else.
  return { address, rest: /^<[^<>]{0,400}>$/.test(rest) ? '' : rest, indent: (match[1] ?? '').length };
}

/** Deeper than the block's own head it is an echo within the reason: Exim repeats the address below it. */
function opensBlock(head: Head, current: Block | undefined): boolean {
  return current === undefined || current.isClosed || head.indent <= current.head.indent;
}

function addToBlock(block: Block, line: string, extent: ReasonExtent): void {
  const text = line.trim();
  const last = block.lines[block.lines.length - 1];
  // "Technical details:" and the like only introduce the reason, which comes as a paragraph of its own.
  if (text === '' || HEADING.test(text))
    block.isClosed ||= extent === 'paragraph' && last !== undefined && !last.endsWith(':');
  else if (!block.isClosed && block.lines.length < MAX_REASON_LINES) block.lines.push(text.slice(0, 1000));
}

/** `----- Transcript of session follows -----`, `====`. */
const HEADING = /^(?:[-=]{3,}.{0,100}[-=]{3,}|[-=_]{4,})$/;

/** Addresses listed one below the other have one reason, which stands behind the last. */
function shareReasons(blocks: readonly Block[]): void {
  for (let i = blocks.length - 2; i >= 0; i -= 1) {
    const block = blocks[i];
    const next = blocks[i + 1];
    if (block !== undefined && next !== undefined && block.lines.length === 0) block.lines.push(...next.lines);
  }
}

const EXPANDED = /\(?(?:expanded|generated) (?:from|by):?\s{0,8}<?([^<>()\s]{1,400})>?\)?:?/i;

function blockRecipient({ head, lines }: Block): TextRecipient {
  const text = lines.join('\n');
  const expanded = EXPANDED.exec(text.slice(0, 1000));
  const expandedFrom = expanded === null ? null : plainAddress(expanded[1] ?? '');
  return {
    address: head.address,
    text: (expandedFrom === null || expanded === null ? text : text.replace(expanded[0], ' ')).trim(),
    expandedFrom,
  };
}
