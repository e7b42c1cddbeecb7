// Says of one cell what its text alone can tell: the address in it, repaired where that is no guess, or why there is
// none. Facts about the domain, typos of its name and what DNS and mail hosts say are added by others.
import { nameOfCharacter } from './characters.ts';
import { type ParsedAddress, parseAddress, printable } from './parse-address.ts';
import { isPlaceholder } from './placeholders.ts';
import { AT_MASK, NOT_PLAIN, scanPlainAddress, UPPER_IN_DOMAIN, UPPER_IN_LOCAL } from './plain-address.ts';
import { holdsSeveralAddresses } from './several-addresses.ts';
import { suggestFix } from './suggest-fix.ts';
import { type Fault, fault, type SyntaxReason, sentenceFor } from './syntax-reasons.ts';
import { type Repair, type Unwrapped, unwrap } from './unwrap.ts';

export type Screening = GoodAddress | BadAddress;

export interface GoodAddress {
  readonly valid: true;
  /** For people: the local part as typed (NFC), the domain in lower case and U-labels. */
  readonly address: string;
  /** For RCPT TO: typed case (RFC 5321 section 2.4), NFC, in quotes where they are needed. */
  readonly local: string;
  /** A-labels, lower case, no trailing dot. */
  readonly domain: string;
  /** Equal for two spellings of what nearly every host takes for one mailbox: lower case, NFC, A-labels. */
  readonly key: string;
  /** True where the mail host must offer SMTPUTF8 (RFC 6531): the local part is not ASCII. */
  readonly smtputf8: boolean;
  /** True for a quoted local part: legal and worth asking about, though hardly ever meant. */
  readonly quoted: boolean;
  /** True where a repair was a guess, or where the text is legal but seldom what its writer meant. */
  readonly suspicious: boolean;
  /** What was done to get at the address; empty where the cell held it as it stands. */
  readonly repairs: readonly Repair[];
}

export interface BadAddress {
  readonly valid: false;
  /** The first reason found, in the order of the checks. */
  readonly reason: SyntaxReason;
  /** Index of the character at fault in `address`, in UTF-16 units; null where no single one is. */
  readonly position: number | null;
  /** The reason as a sentence; names characters by code, so it is safe to print. */
  readonly message: string;
  /** What was left after unwrapping, capped, controls shown as blanks. */
  readonly address: string;
  readonly repairs: readonly Repair[];
  /** The address most likely meant, for people to decide about; never used by itself. */
  readonly suggestion: string | null;
}

/** Longer texts are refused unread; the longest address with a long display name stays far below. UTF-16 units. */
export const MAX_CANDIDATE_LENGTH = 1024;

/**
 * Screens the text of one cell. Never throws, whatever the text; time is bounded by MAX_CANDIDATE_LENGTH. The strings of
 * the result may be slices that keep the cell alive: copy what outlives the batch.
 */
export function screenAddress(cell: string): Screening {
  const scan = scanPlainAddress(cell);
  return scan === NOT_PLAIN ? screenUnusual(cell) : plainAddress(cell, scan);
}

/**
 * What `syntax.valid` says: this text, as it stands, is the address of a mailbox at a dotted domain. False for a cell
 * that had to be repaired, although its address is used and gets a verdict (a display name or a line break around an
 * address is no part of it), and for a quoted local part, although it is asked about. Reserved and unknown domains
 * do not count against the text.
 */
export function isPlainlyValid(screening: Screening): boolean {
  return screening.valid && !screening.quoted && screening.repairs.length === 0;
}

/** The key of a checked local part (as it goes into RCPT TO) at a checked domain; see `GoodAddress.key`. */
export function keyOf(local: string, domain: string): string {
  // Lower-casing can leave NFC: a dotted capital I becomes two characters.
  return `${local.toLowerCase().normalize('NFC')}@${domain}`;
}

const NO_REPAIRS: readonly Repair[] = Object.freeze([]);

function plainAddress(text: string, scan: number): GoodAddress {
  const at = scan & AT_MASK;
  const local = text.slice(0, at);
  const typedDomain = text.slice(at + 1);
  const domain = (scan & UPPER_IN_DOMAIN) === 0 ? typedDomain : typedDomain.toLowerCase();
  const address = (scan & UPPER_IN_DOMAIN) === 0 ? text : `${local}@${domain}`;
  const key = (scan & UPPER_IN_LOCAL) === 0 ? address : address.toLowerCase();
  return {
    valid: true,
    address,
    local,
    domain,
    key,
    smtputf8: false,
    quoted: false,
    suspicious: false,
    repairs: NO_REPAIRS,
  };
}

function screenUnusual(cell: string): Screening {
  const trimmed = cell.trim();
  if (trimmed.length > MAX_CANDIDATE_LENGTH) {
    return badAddress(fault('address_too_long', null), {
      text: trimmed.slice(0, MAX_CANDIDATE_LENGTH),
      repairs: NO_REPAIRS,
      suspicious: false,
    });
  }
  const unwrapped = unwrap(cell.length > MAX_CANDIDATE_LENGTH ? trimmed : cell);
  if (unwrapped.text === '') return badAddress(fault('empty', null), unwrapped);
  if (isPlaceholder(unwrapped.text)) return badAddress(fault('placeholder', null), unwrapped);
  const parsed = parseAddress(unwrapped.text);
  if (parsed.status === 'good') return goodAddress(parsed, unwrapped);
  if (holdsSeveralAddresses(unwrapped.text)) return badAddress(fault('multiple_addresses', null), unwrapped);
  return badAddress(parsed, unwrapped);
}

function goodAddress(parsed: ParsedAddress, unwrapped: Unwrapped): GoodAddress {
  const { local, domain, smtputf8, quoted } = parsed;
  return {
    valid: true,
    address: `${local}@${parsed.unicodeDomain}`,
    local,
    domain,
    key: keyOf(local, domain),
    smtputf8,
    quoted,
    suspicious: parsed.suspicious || unwrapped.suspicious,
    repairs: parsed.unquoted ? [...unwrapped.repairs, 'unquoted'] : unwrapped.repairs,
  };
}

function badAddress(bad: Fault, unwrapped: Unwrapped): BadAddress {
  const { text, repairs } = unwrapped;
  const { reason, position } = bad;
  const message = sentenceFor(reason, nameOfCharacter(text, position ?? 0));
  const suggestion = HOPELESS.has(reason) ? null : suggestFix(text);
  return { valid: false, reason, position, message, address: printable(text), repairs, suggestion };
}

/** Where the writer gave no address, or more than one, there is nothing to mend. */
const HOPELESS: ReadonlySet<SyntaxReason> = new Set<SyntaxReason>([
  'empty',
  'placeholder',
  'multiple_addresses',
  'control_character',
]);
