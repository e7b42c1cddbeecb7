// Shows what `mailgate explain` found out about a reply: an object for machines, a few lines for people.
import type { ChalkInstance } from 'chalk';
import { explainReply } from '../smtp/explain.ts';
import { printable } from '../smtp/printable.ts';
import type { Meaning, Reason, Status } from '../verdict.ts';
import type { RecordIn } from './records-in.ts';
import { COLOUR } from './summary.ts';

export interface ExplainedRecord {
  readonly id?: unknown;
  readonly reply: string;
  readonly stage: string;
  readonly code: number | null;
  readonly enhanced: string | null;
  /** Null where the text is no reply; `problem` then says why. */
  readonly meaning: Meaning | null;
  readonly status: Status | null;
  readonly reason: Reason | null;
  readonly rule: string | null;
  readonly why: string | null;
  readonly strength: 'strong' | 'weak' | null;
  readonly problem: string | null;
}

/** Explains one reply; fields of the record (stage, code, enhanced) come before the options. */
export function explainRecord(
  { text, id, fields }: RecordIn,
  options: { readonly stage: string; readonly provider: string | undefined },
): ExplainedRecord {
  const stage = filled(fields?.['stage'])?.toLowerCase() ?? options.stage;
  const provider = filled(fields?.['provider']) ?? options.provider;
  const code = fields?.['code'] === undefined || fields['code'] === null ? undefined : Number(fields['code']);
  const enhanced = filled(fields?.['enhanced']);
  const explained = explainReply({ text, stage, provider, code, enhanced });
  const given = { ...(id === undefined ? {} : { id }), reply: text.slice(0, 2000), stage };
  if (explained.status === 'not_a_reply') {
    const nothing = {
      code: null,
      enhanced: null,
      meaning: null,
      status: null,
      reason: null,
      rule: null,
      why: null,
      strength: null,
    };
    return { ...given, ...nothing, problem: explained.problem };
  }
  const { meaning, rule, why, strength, verdict } = explained;
  return {
    ...given,
    code: explained.code,
    enhanced: explained.enhanced,
    meaning,
    ...verdict,
    rule,
    why,
    strength,
    problem: null,
  };
}

/** An empty field of a record says no more than a missing one. */
function filled(field: unknown): string | undefined {
  return typeof field === 'string' && field.trim() !== '' ? field.trim() : undefined;
}

export function explanationLines(explained: ExplainedRecord, colours: ChalkInstance): string[] {
  const shown = printable(explained.reply.replace(/\s+/g, ' '), 200);
  if (explained.meaning === null || explained.status === null) {
    return [colours.bold(shown), `  ${colours.red('not a reply')}: ${explained.problem ?? ''}`];
  }
  const verdict = COLOUR[explained.status](colours)(`${explained.status} (${explained.reason})`);
  return [
    colours.bold(shown),
    `  ${colours.dim('meaning')}  ${explained.meaning}${explained.strength === 'weak' ? ', weakly: not believed alone' : ''}`,
    `  ${colours.dim('verdict')}  ${verdict}, were it the only evidence (stage ${explained.stage})`,
    `  ${colours.dim('rule')}     ${explained.rule}: ${explained.why}`,
  ];
}
