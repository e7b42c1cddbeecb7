// Reads a reply a person typed or pasted, so that `explain` can say what it means; the saying is meaning.ts's.
import type { Reason, Status } from '../verdict.ts';
import { enhancedCodeOf } from './enhanced-code.ts';
import { type MeaningResult, meaningOf, type ReplyStage, verdictOfMeaning } from './meaning.ts';

/** A reply in parts; what is missing is taken from the text. */
export interface ExplainRequest {
  /** Where it was said, one of `REPLY_STAGES`; RCPT where not told. */
  readonly stage?: string | undefined;
  readonly code?: number | undefined;
  readonly enhanced?: string | null | undefined;
  /** With or without the codes on each line; lines end in LF, CRLF or the two characters `\n`. */
  readonly text: string;
  /** Operator of the mail host, where known. */
  readonly provider?: string | undefined;
}

export type Explanation =
  | ({
      readonly status: 'explained';
      readonly stage: ReplyStage;
      readonly code: number;
      readonly enhanced: string | null;
      /** The words of the reply, lines joined with LF, without the reply codes. */
      readonly text: string;
      /** What the reply would make of an address, were it the only evidence. */
      readonly verdict: { readonly status: Status; readonly reason: Reason };
    } & MeaningResult)
  | { readonly status: 'not_a_reply'; readonly problem: string };

export const REPLY_STAGES: readonly ReplyStage[] = [
  'connect',
  'greeting',
  'ehlo',
  'tls',
  'mail',
  'rcpt',
  'catchall',
  'data',
];

/** Explains `550 5.1.1 <x@y>: User unknown` or the same in parts. Never throws: a text that is no reply gets a problem. */
export function explainReply(raw: string | ExplainRequest): Explanation {
  const request: ExplainRequest = typeof raw === 'string' ? { text: raw } : raw;
  const stage = REPLY_STAGES.find((known) => known === (request.stage ?? 'rcpt'));
  if (stage === undefined) return notAReply(`"${request.stage}" is no stage; use one of ${REPLY_STAGES.join(', ')}`);
  const lines = request.text.trim().split(/\r?\n|\\r\\n|\\n/);
  const code = request.code ?? codeOf(lines[0] ?? '');
  if (code === null) return notAReply('a reply begins with a code of three digits, as in "550 5.1.1 User unknown"');
  if (!Number.isInteger(code) || code < 200 || code > 599) return notAReply(`${code} is no reply code: 200 to 599 are`);
  const other = lines.map(codeOf).find((found) => found !== null && found !== code);
  if (other !== undefined)
    return notAReply(`every line of one reply carries the same code, but here are ${code} and ${other}`);
  const text = lines.map(withoutCode).join('\n');
  const enhanced = request.enhanced ?? enhancedCodeOf(code, text);
  const result = meaningOf({ stage, code, enhanced, text, provider: request.provider });
  const verdict = verdictOfMeaning(result.meaning, { ...result, code, stage, enhanced });
  return { status: 'explained', stage, code, enhanced, text, ...result, verdict };
}

function notAReply(problem: string): Explanation {
  return { status: 'not_a_reply', problem };
}

const LINE_CODE = /^\s{0,8}([2-5]\d\d)(?:[ -]|$)/;

/** A line without a code is the rest of the line before, wrapped by whatever it was copied from. */
function codeOf(line: string): number | null {
  const found = LINE_CODE.exec(line)?.[1];
  return found === undefined ? null : Number(found);
}

function withoutCode(line: string): string {
  return line.replace(LINE_CODE, '');
}
