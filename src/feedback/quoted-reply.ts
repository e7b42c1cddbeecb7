// Finds the SMTP reply a report quotes, and when in the dialogue it was heard; what it means is for others to say.
import type { ReplyStage } from '../smtp/meaning.ts';

export interface QuotedReply {
  readonly code: number;
  /** The enhanced code right behind the reply code, or null. */
  readonly enhanced: string | null;
  /** What stands behind the reply code, the enhanced code included. */
  readonly text: string;
}

const MAX_TEXT = 4096;

/**
 * Where a reply code may stand: at the start, behind a word and colon, behind a quotation mark or a bracket. Anywhere
 * else three digits are a size, a port or a count ("gave up after 500 tries").
 */
const CODE_PLACES: readonly RegExp[] = [
  // Microsoft 365 wraps what it heard: "550 5.0.350 Remote server returned an error -> 550 5.1.1 User unknown".
  /\bremote server returned [a-z ]{1,60}-> {0,2}([45]\d\d)(?=[\s:-])/i,
  /^\s{0,20}(?:<<<\s{0,4}|#)?([2-5]\d\d)(?=[\s:-]|$)/,
  /(?:said|me|reason|error|failure|failed|was|returned|response|message|code|reject(?:ed|ion)?)\s{0,4}:\s{0,4}['"[]?([2-5]\d\d)(?=[\s:-]|$)/i,
  /(?:[:,>]\s{1,8}|['"[(]\s{0,2}|<<<\s{0,4}|\n\s{0,20})([45]\d\d)(?=[\s:-])/,
  /\s([45]\d\d)-'(?=\d\.\d)/, // Amazon SES: "5.1.0 - Unknown address error 550-'5.7.1 … Access denied'"
  /\bsmtp;\s{0,4}([45]\d\d)\b/i,
];

/** The first reply of class 2 to 5 quoted in a text, or null where none is. */
export function quotedReply(text: string): QuotedReply | null {
  const capped = text.slice(0, MAX_TEXT);
  for (const place of CODE_PLACES) {
    const match = place.exec(capped);
    if (match === null) continue;
    const code = match[1] ?? '';
    const rest = withoutRepeat(capped.slice(match.index + match[0].length), code);
    return { code: Number(code), enhanced: leadingEnhanced(rest), text: rest.replace(/^[\s:'-]{1,8}/, '') };
  }
  return replyWithoutCode(capped);
}

/** Gmail wrote "550 550 5.1.1 …". */
function withoutRepeat(rest: string, code: string): string {
  const start = /^\s{1,4}/.exec(rest)?.[0].length ?? 0;
  return start > 0 && rest.startsWith(code, start) && /^[\s-]/.test(rest.slice(start + 3))
    ? rest.slice(start + 3)
    : rest;
}

/** GMX, Mimecast and Zoho leave the reply code out and quote from the enhanced code on, at the start of a line. */
function replyWithoutCode(text: string): QuotedReply | null {
  const match = /(?:^|\n|ERROR_CODE :)[\s-]{0,8}([45]\.\d{1,3}\.\d{1,3})[\s-](?=.{0,4000}[a-z]{3})/i.exec(text);
  if (match === null) return null;
  const enhanced = match[1] ?? '';
  const start = match.index + match[0].length;
  return { code: enhanced.startsWith('4') ? 450 : 550, enhanced, text: `${enhanced} ${text.slice(start)}` };
}

/** An enhanced code that opens a text or stands in it in brackets or behind `#`, or null. */
export function enhancedIn(text: string): string | null {
  return (
    leadingEnhanced(text) ?? /[#([]\s?([245]\.\d{1,3}\.\d{1,3})\b(?!\.\d)/.exec(text.slice(0, MAX_TEXT))?.[1] ?? null
  );
}

function leadingEnhanced(text: string): string | null {
  return /^[\s:'#(-]{0,8}([245]\.\d{1,3}\.\d{1,3})(?![\w@]|\.\w)/.exec(text)?.[1] ?? null;
}

interface StageWords {
  readonly words: RegExp;
  readonly stage: ReplyStage;
  readonly source: string;
}

/** How reporters say what they had just sent; tested against lower-case text on one line. First match wins. */
const STAGE_WORDS: readonly StageWords[] = [
  { words: /in reply to (?:end of )?data/, stage: 'data', source: 'Postfix' },
  { words: /in reply to rcpt/, stage: 'rcpt', source: 'Postfix' },
  { words: /in reply to mail/, stage: 'mail', source: 'Postfix' },
  { words: /in reply to (?:ehlo|helo|lhlo)/, stage: 'ehlo', source: 'Postfix' },
  { words: /in reply to starttls/, stage: 'tls', source: 'Postfix' },
  { words: /because the address couldn't be found, or is unable/, stage: 'rcpt', source: 'Gmail, of refused RCPTs' },
  { words: /\(state 14\)/, stage: 'rcpt', source: 'Gmail until 2017' },
  { words: /\(state 1[78]\)/, stage: 'data', source: 'Gmail until 2017' },
  { words: /sent <<< rcpt|-{5,}smtp command rcpt/, stage: 'rcpt', source: 'InterScan, m-FILTER' },
  { words: /sent <<< data|-{5,}smtp command data/, stage: 'data', source: 'InterScan, m-FILTER' },
  { words: /sent <<< mail|-{5,}smtp command mail/, stage: 'mail', source: 'InterScan, m-FILTER' },
  { words: /refused to talk to me/, stage: 'greeting', source: 'Postfix' },
  {
    words: /after (?:pipelined )?(?:end of data|data|text)\b|for text command|after sending data block/,
    stage: 'data',
    source: 'Exim, 1&1',
  },
  { words: /after (?:pipelined )?rcpt\b|for rcpt command/, stage: 'rcpt', source: 'Exim, GMX' },
  { words: /after (?:pipelined )?mail\b|for mail command/, stage: 'mail', source: 'Exim, GMX' },
  { words: /after (?:pipelined )?(?:ehlo|helo)\b/, stage: 'ehlo', source: 'Exim' },
  { words: /after initial connection|after connection response/, stage: 'greeting', source: 'Exim' },
  { words: /did not like our (?:final )?data/, stage: 'data', source: 'DragonFly Mail Agent' },
  { words: /did not like our rcpt/, stage: 'rcpt', source: 'DragonFly Mail Agent' },
  { words: /did not like our mail/, stage: 'mail', source: 'DragonFly Mail Agent' },
  { words: /did not like our (?:ehlo|helo)/, stage: 'ehlo', source: 'DragonFly Mail Agent' },
  { words: /\[rcpt_to\]/, stage: 'rcpt', source: 'Yahoo' },
  { words: /\[mail_from\]/, stage: 'mail', source: 'Yahoo' },
  { words: /\[(?:data|eom|body)\]/, stage: 'data', source: 'Yahoo' },
  { words: /does not like recipient/, stage: 'rcpt', source: 'qmail' },
  { words: /but sender was rejected/, stage: 'mail', source: 'qmail' },
  { words: /failed (?:after i sent the message|on data command)/, stage: 'data', source: 'qmail' },
  { words: /but my name was rejected/, stage: 'ehlo', source: 'qmail' },
  { words: /but greeting failed/, stage: 'greeting', source: 'qmail' },
  { words: /remote smtp server has rejected address/, stage: 'rcpt', source: 'Oracle Messaging Server' },
  { words: /server rejected mail from address/, stage: 'mail', source: 'Oracle Messaging Server' },
  { words: /smtp transmission failure has occurred/, stage: 'data', source: 'Oracle Messaging Server' },
  { words: /\bsmtp:rcpt\b/, stage: 'rcpt', source: 'CommuniGate-like gateways' },
  { words: /\bsmtp:mail\b/, stage: 'mail', source: 'CommuniGate-like gateways' },
  { words: /\bsmtp:data\b|\(data\), with the following error/, stage: 'data', source: 'CommuniGate-like gateways' },
];

/** The stage a report's own words name, or null where they name none. */
export function stageIn(text: string): ReplyStage | null {
  const words = text
    .slice(0, MAX_TEXT)
    .replace(/\s{1,40}/g, ' ')
    .toLowerCase();
  return STAGE_WORDS.find((row) => row.words.test(words))?.stage ?? null;
}

const COMMAND_STAGES: ReadonlyMap<string, ReplyStage> = new Map([
  ['rcpt', 'rcpt'],
  ['mail', 'mail'],
  ['data', 'data'],
  ['ehlo', 'ehlo'],
  ['helo', 'ehlo'],
  ['starttls', 'tls'],
]);

/**
 * The command a transcript shows before the first refusal (`>>> RCPT To:<…>` above `<<< 550 …`), or null. sendmail
 * pipelines, so a refusal below DATA may have answered the RCPT before it: such a stage is `data`, which proves less.
 */
export function stageInTranscript(lines: readonly string[]): ReplyStage | null {
  let stage: ReplyStage | null = null;
  for (const line of lines) {
    const command = /^[\s>]{0,8}>>>\s{0,4}([a-z]{4,8})\b/i.exec(line)?.[1]?.toLowerCase();
    if (command !== undefined) stage = COMMAND_STAGES.get(command) ?? stage;
    if (/<<<\s{0,4}[45]\d\d\b/.test(line.slice(0, 40))) return stage;
  }
  return null;
}
