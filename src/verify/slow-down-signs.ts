// Tells which failures and replies of a provider mean "slow down"; what follows from it is for slow-down.ts to decide.
import type { SessionFailure } from '../smtp/session-failure.ts';
import type { Reason } from '../verdict.ts';
import type { Answered, Reading, Subject } from './interview.ts';

/**
 * True where a session that did not come about was turned away for its haste. `letUsInBefore` speaks of the same IP
 * address in this run: a host that never answered is dead or a decoy, one that answered and refuses now has had enough.
 */
export function isSlowDownAtStart(
  start: Pick<SessionFailure, 'stage' | 'failure' | 'reply'>,
  known: { readonly reason: Reason; readonly letUsInBefore: boolean },
): boolean {
  switch (start.failure) {
    case 'refused':
      return known.letUsInBefore;
    case 'reset':
    case 'closed':
      return known.letUsInBefore && (start.stage === 'connect' || start.stage === 'greeting');
    case 'reply':
      return start.reply !== null && start.reply.code < 500 && isAboutHaste(start.reply, known.reason);
    default:
      return false;
  }
}

/** RFC 3463: x.3.2 "system not accepting messages" (postscreen's busy ports), x.5.3 too many recipients, x.7.z policy. */
const BUSY_CODES = /^4\.(?:3\.2|5\.3|7\.\d+)$/;

/** A deferral of who is new (greylisting) or unwanted (blocked) would be the same for a slower caller. */
function isAboutHaste({ code, enhanced }: { code: number; enhanced: string | null }, reason: Reason): boolean {
  if (reason === 'rate_limited') return true;
  return reason === 'temporary_failure' && (code === 421 || (enhanced !== null && BUSY_CODES.test(enhanced)));
}

/** The answer of a session that speaks of our haste; null where there is none. */
export function slowDownAmong<S extends Subject>(answered: readonly Answered<S>[]): Reading | null {
  const found = answered.find(
    ({ reading, refusalsBefore }, index) =>
      reading !== null &&
      refusalsBefore === 0 && // else the host may only be tired of the unknown names before
      (reading.meaning === 'rate_limited' || isGoodbye(reading)) &&
      !isAboutRecipient(reading) &&
      !(index > 0 && isAboutSession(reading)),
  );
  return found?.reading ?? null;
}

/** A host that hangs up on the first question, whatever its trouble is, has had enough connections for now. */
function isGoodbye({ meaning, reply }: Reading): boolean {
  return meaning === 'temporary' && reply.code === 421;
}

/** The rows of the reply tables that speak of one mailbox being flooded, whoever asks. */
const ONE_MAILBOX_RULES: ReadonlySet<string> = new Set(['google-5.2.1-rate', 'receiving-rate-words']);

function isAboutRecipient({ rule, reply }: Reading): boolean {
  return ONE_MAILBOX_RULES.has(rule) || reply.enhanced?.endsWith('.2.1') === true;
}

/**
 * A limit on what one session may hold is met by opening the next one: RFC 5321 section 4.5.3.1.10 for recipients, and
 * a 421 in the middle of a session (Postfix, Exim). Where the haste is meant, the next session is told so at its start.
 */
function isAboutSession({ reply }: Reading): boolean {
  if (reply.code === 421 || reply.enhanced?.endsWith('.5.3') === true) return true;
  return /too many (?:recipients|commands)|(?:per|in this) (?:session|connection|transaction|message)/i.test(
    reply.text,
  );
}
