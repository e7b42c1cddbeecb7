// What is known of an address when its answer arrives, and what that answer is beside the ones before.
import type { Answer } from './catch-all.ts';
import type { Reading } from './interview.ts';
import type { Pending } from './pending-jobs.ts';
import { isDoubtful } from './same-refusal.ts';
import type { Ruling } from './session-judge.ts';

/** What is known of an address when its answer arrives, kept until the domain's evidence decides. */
export interface Asked {
  readonly pending: Pending;
  readonly host: string;
}

/** Two connections that say different things of one mailbox: neither can be believed. */
export function isContradiction({ before }: Pending, { meaning, strength }: Reading): boolean {
  if (strength !== 'strong') return false;
  return (before === 'accepted' && meaning === 'mailbox_not_found') || (before === 'refused' && meaning === 'accepted');
}

/** True for what every server takes for a plain name. */
export function isOrdinaryName(local: string): boolean {
  return /^[a-z0-9_][a-z0-9._+-]*$/i.test(local);
}

/** Where everybody was refused for the sake of one of our addresses: asked again, once, from whichever other there is. */
export function fromAnotherSource(ruling: Ruling<Pending>): Ruling<Pending> {
  if (ruling.status !== 'counts') return ruling;
  const { subject } = ruling;
  subject.sourceIp = null; // what a greylist knows of that address is no use to us now
  return { status: 'again', subject, alone: false, otherwise: ruling };
}

/** The answer as the judge of the domain takes it. */
export function answerOf(asked: Asked, reading: Reading): Answer<Asked> {
  const { meaning, strength, reason, reply } = reading;
  const form = { isOrdinaryName: isOrdinaryName(asked.pending.local), isDoubtful: isDoubtful(reading) };
  return { job: asked, meaning, strength, reason, reply, ...form };
}

/** True for an answer that makes an address valid or invalid, if nothing else speaks against it. */
export function saysWhetherItExists({ meaning, strength }: Reading): boolean {
  return strength === 'strong' && (meaning === 'accepted' || meaning === 'mailbox_not_found');
}

/** True for an answer that only a server gives which knows the mailbox. */
export function saysWhatItIs({ meaning, strength }: Reading): boolean {
  return strength === 'strong' && (meaning === 'mailbox_full' || meaning === 'mailbox_disabled');
}
