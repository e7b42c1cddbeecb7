// The verdicts that the suppression store gives: who is suppressed is not asked about.
import type { SuppressionMatch } from '../store/suppression-match.ts';
import { EVERY_SCOPE } from '../store/suppression-reasons.ts';
import type { SuppressionStore } from '../store/suppressions.ts';
import { type Reason, statusOf, type Verdict } from '../verdict.ts';
import { switchOption, valueOption } from './settings.ts';
import { parseScope } from './suppress-options.ts';

/** How `verify` and `check` obey the suppression store. */
export const OBEY_OPTIONS = [
  switchOption({
    name: 'ignoreSuppressions',
    flags: '--ignore-suppressions',
    description: 'ask also about addresses that are never to be mailed again',
  }),
  valueOption({
    name: 'scope',
    flags: '--scope <name>',
    description: 'the stream this is for, such as newsletter: what is suppressed for it counts, too',
    parse: parseScope,
    default: EVERY_SCOPE,
    defaultText: 'what is suppressed for all streams',
  }),
] as const;

/**
 * The verdicts of those among `keys` that are suppressed, by key: a hard bounce is an answer about the mailbox, everything
 * else says only that nobody may mail there. Costs next to nothing while the store is empty.
 */
export function suppressedVerdicts(
  suppressions: SuppressionStore,
  keys: readonly string[],
  options: { readonly ignoreSuppressions: boolean; readonly scope: string },
): Map<string, Verdict> {
  if (options.ignoreSuppressions || keys.length === 0 || suppressions.isEmpty) return new Map();
  const found = suppressions.match(keys, options.scope);
  return new Map([...found].map(([key, match]) => [key, verdictOf(match)]));
}

/** The cell of the `suppressed` column: why, in one line; empty where it is not. */
export function suppressedCell({ reason, detail }: Pick<Verdict, 'reason' | 'detail'>): string {
  return isSuppressed(reason) ? (detail ?? '') : '';
}

function isSuppressed(reason: Reason): boolean {
  return reason === 'bounced' || reason === 'suppressed';
}

/** Made when the evidence was last seen, so that a second run writes the same. */
function verdictOf({ hard, text, entry }: SuppressionMatch): Verdict {
  const reason = hard ? 'bounced' : 'suppressed';
  return {
    status: statusOf(reason),
    reason,
    stage: 'list',
    reply: null,
    detail: text,
    mx: null,
    provider: null,
    implicitMx: false,
    catchall: 'not_asked',
    attempts: 0,
    checkedAt: entry.lastSeen,
    source: 'cache',
  };
}
