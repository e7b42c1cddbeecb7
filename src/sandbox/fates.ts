// The local parts that name their own fate, on hosts that allow it (`fatesByName`).
import type { Fate } from './world.ts';

/** One row per name; what it does in words, for the notes of `mailgate sandbox`. Idea: mjl-/mox, localserve. */
export const NAMED_FATES: ReadonlyMap<string, { readonly fate: Fate; readonly gives: string }> = new Map([
  ['unknown', { fate: 'unknown', gives: 'no such mailbox (550 5.1.1)' }],
  ['missing', { fate: 'unknown', gives: 'no such mailbox (550 5.1.1)' }],
  ['full', { fate: 'full', gives: 'mailbox full (552 5.2.2)' }],
  ['fullfornow', { fate: 'full_for_now', gives: 'mailbox full for now (452 4.2.2)' }],
  ['disabled', { fate: 'disabled', gives: 'mailbox disabled (550 5.2.1)' }],
  [
    'greylist',
    { fate: { until: { tries: 2 }, becomes: 'ok' }, gives: 'greylisted at the first try, fine at the second' },
  ],
  ['tempfail', { fate: 'tempfail', gives: 'a temporary failure each time (451 4.3.0)' }],
  ['ratelimit', { fate: 'rate_limited', gives: 'too many requests (450 4.7.1)' }],
  ['blocked', { fate: 'blocked', gives: 'a refusal of the client, not of the mailbox (554 5.7.1)' }],
  ['sender', { fate: 'sender_rejected', gives: 'a refusal of the sender address (550 5.1.8)' }],
  ['spam', { fate: 'content_rejected', gives: 'a refusal of the content (554 5.6.0)' }],
  ['relay', { fate: 'relay_denied', gives: 'relay access denied (554 5.7.1)' }],
  ['slow', { fate: { delayMs: 2000, becomes: 'ok' }, gives: 'accepted, two seconds late' }],
  ['timeout', { fate: 'silent', gives: 'no reply at all' }],
  ['drop', { fate: 'drop', gives: 'the connection is closed without a reply' }],
  ['reset', { fate: 'reset', gives: 'the connection is reset' }],
  ['garbage', { fate: { raw: 'what?\r\n' }, gives: 'a reply outside the grammar' }],
] as const satisfies readonly (readonly [string, { fate: Fate; gives: string }])[]);

/** The fate a local part names, `+detail` aside; undefined for ordinary names. */
export function fateByName(local: string): Fate | undefined {
  const plus = local.indexOf('+');
  return NAMED_FATES.get(plus === -1 ? local : local.slice(0, plus))?.fate;
}
