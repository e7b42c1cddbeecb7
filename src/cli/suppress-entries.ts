// `mailgate suppress add`, `remove` and `forget`: changes entries one by one on a person's word.

import { keyOf } from '../address/screen.ts';
import { MailgateError } from '../errors.ts';
import { printable } from '../smtp/printable.ts';
import type { Store } from '../store/database.ts';
import type { SuppressionReason } from '../store/suppression-reasons.ts';
import { EVERY_SCOPE, isAboutMailbox } from '../store/suppression-reasons.ts';
import type { SuppressionKey } from '../store/suppressions.ts';
import { readRecords } from './records-in.ts';
import { failureRules, type SuppressSession } from './suppress-session.ts';
import { type Subject, subjectOf } from './suppress-subjects.ts';

export interface AddSettings {
  readonly scope: string;
  readonly reason: SuppressionReason;
  readonly note: string | null;
  readonly source: string;
  readonly evidence: string | null;
  readonly expiresMs: number | null;
  readonly subdomains: boolean;
  readonly softLimit: number;
  readonly softWindowMs: number;
  readonly dryRun: boolean;
}

/** Suppresses what was named; false where a text named nobody. */
export async function addEntries(
  session: SuppressSession,
  wanted: readonly string[],
  settings: AddSettings,
): Promise<boolean> {
  const { scope, reason, note, source, evidence, expiresMs, subdomains, dryRun } = settings;
  if (scope !== EVERY_SCOPE && isAboutMailbox(reason)) {
    throw new MailgateError('usage', `a ${reason} is about the mailbox and holds for every stream`, {
      hint: 'Leave --scope out.',
    });
  }
  const { now, store } = session;
  const expiresAt = expiresMs === null ? null : now + expiresMs;
  const options = { dryRun, ...failureRules(settings) };
  return eachSubject(session, wanted, (key) => {
    const event = { key, subdomains, scope, reason, detail: note, source, evidenceId: evidence, at: now, expiresAt };
    const [outcome] = store.suppressions.add([{ ...event, verified: true }], options);
    return { isDone: true, status: outcome?.status ?? 'ignored', why: outcome?.why ?? '' };
  });
}

export interface RemoveSettings {
  readonly scope: string | null;
  readonly note: string | null;
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** Ends the suppression of what was named; false where something was refused, absent or named nobody. */
export async function removeEntries(
  session: SuppressSession,
  wanted: readonly string[],
  settings: RemoveSettings,
): Promise<boolean> {
  const { suppressions } = session.store;
  const { scope, force, note: why, dryRun } = settings;
  return eachSubject(session, wanted, (key) => {
    const outcome = suppressions.remove(key, { scope, force, why, dryRun });
    switch (outcome.status) {
      case 'removed': {
        const what = outcome.reasons.length === 0 ? 'its count of soft bounces' : outcome.reasons.join(', ');
        return { isDone: true, status: 'removed', why: `${what}${stillCovered(session, key)}` };
      }
      case 'refused':
        return { isDone: false, status: 'refused', why: `${outcome.reason}: only --force takes that back` };
      case 'absent':
        return { isDone: false, status: 'absent', why: `not in the store${stillCovered(session, key)}` };
    }
  });
}

/** An address may be suppressed through its domain, and then removing its own entry frees nobody. */
function stillCovered({ store }: SuppressSession, key: SuppressionKey): string {
  if (key.type !== 'email') return '';
  const match = store.suppressions.match([key.value]).get(key.value);
  return match?.entry.key.type === 'domain' ? `; still suppressed by its domain: ${match.text}` : '';
}

/** Erases addresses and leaves tombstones; false where a text was no address. */
export async function forgetAddresses(
  session: SuppressSession,
  wanted: readonly string[],
  settings: { readonly note: string | null },
): Promise<boolean> {
  const { store } = session;
  return eachSubject(session, wanted, (key) => {
    if (key.type !== 'email') return { isDone: false, status: 'invalid', why: 'only addresses can be forgotten' };
    forgetRetries(store, key.value);
    const verdicts = store.forget({ address: key.value });
    const { status, entries } = store.suppressions.forget(key.value, { why: settings.note });
    const erased = `${entries} ${entries === 1 ? 'entry' : 'entries'} and ${verdicts} ${verdicts === 1 ? 'verdict' : 'verdicts'} erased`;
    return { isDone: true, status, why: status === 'already' ? 'it was forgotten before' : erased };
  });
}

/** Retries stand under the local part as it was typed. */
function forgetRetries(store: Store, address: string): void {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  for (const local of store.retries.ofDomain(domain).keys()) {
    if (keyOf(local, domain) === address) store.together(() => store.retries.forget(domain, local));
  }
}

interface Done {
  /** False where the answer was no. */
  readonly isDone: boolean;
  readonly status: string;
  readonly why: string;
}

/** Does `act` for every subject and prints what came of it; false where one of them was not done. */
async function eachSubject(
  { invocation, settings, print }: SuppressSession,
  wanted: readonly string[],
  act: (key: SuppressionKey) => Done,
): Promise<boolean> {
  let allDone = true;
  for await (const { text, id } of readRecords(wanted, invocation.stdin, 'address')) {
    invocation.interrupted.throwIfAborted();
    const subject = subjectOf(text);
    const done = subject.status === 'good' ? act(subject.key) : invalid(subject);
    allDone = allDone && done.isDone;
    await print(settings.json ? objectOf({ text, id, subject }, done) : lineOf(text, done));
  }
  return allDone;
}

function invalid({ why }: Extract<Subject, { status: 'bad' }>): Done {
  return { isDone: false, status: 'invalid', why };
}

function objectOf(
  { text, id, subject }: { readonly text: string; readonly id: unknown; readonly subject: Subject },
  { status, why }: Done,
): string {
  const key =
    subject.status === 'good' ? { type: subject.key.type, key: subject.key.value } : { type: null, key: null };
  return `${JSON.stringify({ ...(id === undefined ? {} : { id }), input: text, ...key, status, why })}\n`;
}

function lineOf(text: string, { status, why }: Done): string {
  return `${status.padEnd(10)}  ${printable(text, 320)}${why === '' ? '' : `  (${printable(why, 600)})`}\n`;
}
