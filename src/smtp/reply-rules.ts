// The one ordered table of what replies mean: first match wins, so the order of the families below is itself knowledge.
import { CLIENT_RULES, LOGIN_RULES } from './client-rules.ts';
import { DISABLED_RULES, FULL_RULES } from './closed-mailbox-rules.ts';
import { CODE_RULES, ENHANCED_RULES } from './code-rules.ts';
import { DOMAIN_RULES } from './domain-rules.ts';
import { MESSAGE_RULES, POLICY_RULES, REJECTION_RULES } from './policy-rules.ts';
import { PROVIDER_RULES } from './provider-rules.ts';
import type { ReplyRule } from './rule.ts';
import { SENDER_RULES } from './sender-rules.ts';
import { GREYLIST_RULES, RATE_RULES } from './traffic-rules.ts';
import { LATER_RULES, PROTOCOL_RULES, TROUBLE_RULES, VERIFICATION_RULES } from './trouble-rules.ts';
import { BARE_REFUSAL_RULES, NEGATION_RULES, UNKNOWN_RULES } from './unknown-mailbox-rules.ts';

/** For replies of class 4 and 5; the last rows apply to every one of them. */
export const REPLY_RULES: readonly ReplyRule[] = [
  ...VERIFICATION_RULES, // hearsay in a 4xx, before anything in it is read
  ...PROVIDER_RULES, // big operators misuse codes and words, each in its own steady way
  ...GREYLIST_RULES, // "Client host rejected: Greylisted" is greylisting, so before the noun that was rejected
  ...SENDER_RULES, // "sender does not exist" before "does not exist"
  ...RATE_RULES, // "too many unknown users" before "unknown user"
  ...CLIENT_RULES, // "5.1.1 client host listed" before 5.1.1
  ...PROTOCOL_RULES,
  ...DOMAIN_RULES, // "authenticate to relay" before "authenticate"
  ...LOGIN_RULES,
  ...MESSAGE_RULES, // "message size exceeds" before "mailbox size exceeds", "header not found" before "not found"
  ...FULL_RULES, // servers say 5.1.1 for full mailboxes as well
  ...DISABLED_RULES,
  ...TROUBLE_RULES, // "directory unavailable, cannot verify user" before the user
  ...UNKNOWN_RULES,
  ...LATER_RULES, // "no such user, try another" is no such user
  ...POLICY_RULES, // only now: "No such user" with 5.7.1 is no policy
  ...BARE_REFUSAL_RULES,
  ...ENHANCED_RULES, // words beat the enhanced code
  ...NEGATION_RULES,
  ...REJECTION_RULES,
  ...CODE_RULES, // the enhanced code beats the basic one
];
