// What is known of one recipient a report speaks of, put together from its fields, its words and its headers.
import type { ReplyStage } from '../smtp/meaning.ts';
import type { TextRecipient } from './address-blocks.ts';
import { judgeBounce } from './bounce-reason.ts';
import type { DeliveryReport, ReportedRecipient } from './delivery-report.ts';
import { quotedReply, stageIn, stageInTranscript } from './quoted-reply.ts';
import { type BounceReason, reasonRow, type Strength } from './reasons.ts';
import { plainAddress } from './recipient-address.ts';

/** One recipient of a bounce, an automatic reply, a delivery notice or a complaint. */
export interface ReportedAddress {
  /** The recipient as the report names it last: Final-Recipient, where that is an address. */
  readonly address: string;
  /** Whom we mailed, where the report says so and it differs: match lists by this one first. */
  readonly original: string | null;
  /** Final-Recipient as it stands, also where it is no address (a pipe, a file, an internal route). */
  readonly final: string | null;
  readonly reason: BounceReason;
  readonly sisimaiReason: string;
  /** True only for what is to be suppressed at once. */
  readonly hard: boolean;
  readonly strength: Strength;
  readonly action: string | null;
  readonly status: string | null;
  /** The SMTP reply code quoted, or null. */
  readonly reply: number | null;
  /** What was said, on one line, at most 8,192 characters; a stranger's words. */
  readonly diagnostic: string;
  readonly stage: ReplyStage | null;
  readonly remoteMta: string | null;
  /** The rule that decided. */
  readonly rule: string;
  /** True where the report names nobody and the address was taken from the returned mail's To. */
  readonly inferred: boolean;
}

/** Where a report's recipients may be told; the better source is asked first. */
export interface RecipientSources {
  readonly report: DeliveryReport | null;
  readonly texts: readonly TextRecipient[];
  /** X-Failed-Recipients (Exim, Gmail). */
  readonly failedHeader: readonly string[];
  /** The report's own words. */
  readonly words: string;
  /** Whom the report was sent to: the sender of the mail that came back. */
  readonly sender: string | null;
  /** The one address in the returned mail's To, for reports that name nobody. */
  readonly originalTo: string | null;
}

const MAX_DIAGNOSTIC = 8192;

/** The recipients by the fields of the report, else by the header, else by its words, else by the returned mail. */
export function reportedAddresses(sources: RecipientSources): ReportedAddress[] {
  const { report, texts, failedHeader, originalTo } = sources;
  if (report !== null && report.recipients.length > 0) {
    const found = report.recipients.flatMap((recipient) => fromReport(recipient, sources));
    if (found.length > 0) return withoutRepeats(found);
  }
  if (failedHeader.length > 0) {
    return failedHeader.map((address) => fromWords(textAbout(address, texts) ?? nobodysText(address), sources));
  }
  if (texts.length > 0) return texts.map((text) => fromWords(text, sources));
  if (originalTo === null) return [];
  return [inferred(fromWords(nobodysText(originalTo), sources))];
}

/** The To of the returned mail may be a list the failed recipient is only a member of: never evidence enough. */
function inferred(recipient: ReportedAddress): ReportedAddress {
  const strength = recipient.strength === 'hard' ? 'suspect' : recipient.strength;
  return { ...recipient, strength, hard: false, inferred: true };
}

/** A recipient of something that is no failure: a delivery notice, an automatic reply, a complaint. */
export function addressWithout(failure: BounceReason, address: string): ReportedAddress {
  return {
    address,
    original: null,
    final: null,
    reason: failure,
    sisimaiReason: reasonRow(failure).sisimai,
    hard: false,
    strength: 'none',
    action: null,
    status: null,
    reply: null,
    diagnostic: '',
    stage: null,
    remoteMta: null,
    rule: 'kind',
    inferred: false,
  };
}

/** A recipient of whom all is told in fields of its own, as by a sending service. */
export function judgedAddress(told: {
  readonly address: string;
  readonly action: string;
  readonly status: string | null;
  readonly text: string;
}): ReportedAddress {
  const { address, action, status, text } = told;
  return assembled({ address, action, status, said: text, stage: stageIn(text), ...NOTHING_MORE });
}

const NOTHING_MORE = { original: null, final: null, diagnosticType: '', remoteMta: null, sender: null } as const;

function nobodysText(address: string): TextRecipient {
  return { address, text: '', expandedFrom: null };
}

function textAbout(address: string, texts: readonly TextRecipient[]): TextRecipient | undefined {
  const key = address.toLowerCase();
  return texts.find((text) => text.address.toLowerCase() === key || text.expandedFrom?.toLowerCase() === key);
}

/** Two reports on one address (a delay and a failure) stay one recipient: the last word counts. */
function withoutRepeats(found: readonly ReportedAddress[]): ReportedAddress[] {
  return [...new Map(found.map((recipient) => [recipient.address.toLowerCase(), recipient])).values()];
}

function fromReport(recipient: ReportedRecipient, sources: RecipientSources): ReportedAddress[] {
  const { texts, report, failedHeader } = sources;
  const isOnly = report?.recipients.length === 1;
  const told = recipient.final ?? recipient.original;
  const text =
    (recipient.final === null ? undefined : textAbout(recipient.final, texts)) ??
    (recipient.original === null ? undefined : textAbout(recipient.original, texts)) ??
    (isOnly && texts.length === 1 ? texts[0] : undefined);
  const address = told ?? (isOnly ? (failedHeader[0] ?? text?.expandedFrom ?? text?.address ?? null) : null);
  if (address === null) return [];
  const said = wordsAbout(recipient, { text, words: isOnly ? sources.words : '' });
  return [
    assembled({
      address,
      original: recipient.original,
      final: recipient.finalText,
      action: recipient.action,
      status: recipient.status,
      said,
      diagnosticType: recipient.diagnosticType,
      stage:
        stageIn(`${said}\n${recipient.statusComment}`) ?? stageIn(text?.text ?? '') ?? transcriptStage(said, sources),
      remoteMta: recipient.remoteMta,
      sender: sources.sender,
    }),
  ];
}

/** The diagnostic, with what the words add where it quotes no reply; without one, all that is said of the recipient. */
function wordsAbout(
  { diagnostic, statusComment }: ReportedRecipient,
  { text, words }: { text: TextRecipient | undefined; words: string },
): string {
  const told = text?.text ?? '';
  if (/[a-z]{3}/i.test(diagnostic))
    return quotedReply(diagnostic) === null && told !== '' ? `${diagnostic}\n${told}` : diagnostic;
  const own = [diagnostic, statusComment, told].filter((piece) => piece.trim() !== '').join('\n');
  return /[a-z]{3}/i.test(own) && told !== '' ? own : `${own}\n${words.trim()}`.trim();
}

/** Only of the transcript that shows this very refusal: a session tries several hosts, and several recipients. */
function transcriptStage(said: string, { words, texts, report }: RecipientSources): ReplyStage | null {
  if (!words.includes('<<<')) return null;
  const lines = words.split('\n', 400);
  const reply = quotedReply(said);
  const start = /^\W*(.{1,30})/.exec(reply?.text ?? '')?.[1] ?? '';
  const at = start === '' ? -1 : lines.findIndex((line) => line.includes('<<<') && line.includes(start));
  if (at !== -1) return stageInTranscript(lines.slice(lastCommand(lines, at), at + 1));
  return (report?.recipients.length ?? texts.length) > 1 ? null : stageInTranscript(lines);
}

function lastCommand(lines: readonly string[], before: number): number {
  for (let i = before; i >= 0; i -= 1) if (/>>>\s/.test(lines[i]?.slice(0, 12) ?? '')) return i;
  return before;
}

/** How reports say that delivery goes on; such a report is a warning, and never counts against an address. */
const STILL_TRYING =
  /warning message only|warning only|do not need to re-?send|will (?:be retried|keep trying|continue to (?:try|be)|be attempted)|has been delayed|is delayed for|only a temporary failure|not yet been delivered|being retried|still undelivered/i;

function fromWords({ address, text, expandedFrom }: TextRecipient, sources: RecipientSources): ReportedAddress {
  const said = text === '' ? sources.words.trim() : text;
  return assembled({
    address,
    original: expandedFrom,
    final: null,
    action: STILL_TRYING.test(sources.words) ? 'delayed' : 'failed',
    status: null,
    said,
    diagnosticType: '',
    stage:
      stageIn(said) ?? stageInTranscript(said.split('\n')) ?? (text === '' ? null : transcriptStage(said, sources)),
    remoteMta: /\bhosts?:? ([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})/i.exec(said.slice(0, 2000))?.[1] ?? null,
    sender: sources.sender,
  });
}

interface Assembly {
  readonly address: string;
  readonly original: string | null;
  readonly final: string | null;
  readonly action: string | null;
  readonly status: string | null;
  readonly said: string;
  readonly diagnosticType: string;
  readonly stage: ReplyStage | null;
  readonly remoteMta: string | null;
  readonly sender: string | null;
}

function assembled({ address, original, said, ...known }: Assembly): ReportedAddress {
  const judgement = judgeBounce({ ...known, recipient: address, text: said });
  const { reason, sisimaiReason, strength, reply, status, rule } = judgement;
  return {
    address,
    original: original === null || original.toLowerCase() === address.toLowerCase() ? null : original,
    final: known.final,
    reason,
    sisimaiReason,
    hard: strength === 'hard',
    strength,
    action: known.action,
    status,
    reply: reply?.code ?? null,
    diagnostic: said
      .slice(0, MAX_DIAGNOSTIC)
      .replace(/\s{1,200}/g, ' ')
      .trim(),
    stage: known.stage,
    remoteMta: known.remoteMta,
    rule,
    inferred: false,
  };
}

/** The addresses in X-Failed-Recipients, which are separated by commas or spaces. */
export function addressesInHeader(values: readonly string[]): string[] {
  const addresses = values
    .flatMap((value) => value.slice(0, 8192).split(/[\s,]{1,8}/))
    .flatMap((piece) => plainAddress(piece.replace(/^<|>$/g, '')) ?? []);
  return [...new Set(addresses)].slice(0, 1000);
}
