// Shows and trims what the store keeps, for `mailgate cache`.
import { screenAddress } from '../address/screen.ts';
import { MailgateError } from '../errors.ts';
import { printable } from '../smtp/printable.ts';
import { oneLine } from '../smtp/reply.ts';
import type { StoreStats } from '../store/database.ts';
import type { KeyedVerdict } from '../store/verdicts.ts';
import type { Verdict } from '../verdict.ts';
import { CATCHALL_LIFE_DAYS, isFresh } from '../verify/ageing.ts';
import { isoTime } from './annotation.ts';
import type { ListStore } from './kept-answers.ts';
import { count } from './number-words.ts';

const DAY_MS = 86_400_000;

/** The counts as lines for people or one object for machines. */
export function showStats(stats: StoreStats, given: { readonly path: string; readonly json: boolean }): string {
  const { verdicts, mailHosts, domains, fileBytes } = stats;
  const time = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));
  if (given.json) {
    const { oldest, newest, total, byStatus, byReason } = verdicts;
    const counts = { total, by_status: Object.fromEntries(byStatus), by_reason: Object.fromEntries(byReason) };
    return JSON.stringify({
      path: given.path,
      bytes: fileBytes,
      verdicts: { ...counts, oldest: time(oldest), newest: time(newest) },
      mail_hosts: mailHosts,
      domains,
    });
  }
  const lines = [
    `${given.path} (${(fileBytes / 1_048_576).toFixed(1)} MiB)`,
    `  verdicts    ${count(verdicts.total).padStart(10)}`,
  ];
  for (const [reason, rows] of verdicts.byReason) lines.push(`    ${reason.padEnd(22)} ${count(rows).padStart(10)}`);
  lines.push(`  DNS answers ${count(mailHosts).padStart(10)}`, `  domains     ${count(domains).padStart(10)}`);
  if (verdicts.oldest !== null) lines.push(`  from ${time(verdicts.oldest)} to ${time(verdicts.newest)}`);
  return lines.join('\n');
}

/** The kept verdicts of these addresses and domains; of all where none is named. */
export function* verdictsWanted(store: ListStore, wanted: readonly string[]): Generator<KeyedVerdict> {
  if (wanted.length === 0) yield* store.verdicts.list();
  for (const text of wanted) {
    const target = targetOf(text);
    if ('domain' in target) {
      yield* store.verdicts.list({ domain: target.domain });
      continue;
    }
    const verdict = store.verdicts.get(target.address);
    if (verdict !== null) yield { key: target.address, verdict };
  }
}

/** What a text on the command line names: an address by its key, or a domain. @throws MailgateError('usage') for neither. */
export function targetOf(text: string): { readonly address: string } | { readonly domain: string } {
  const screening = screenAddress(text.includes('@') ? text : `somebody@${text}`);
  if (!screening.valid) {
    throw new MailgateError('usage', `"${text.slice(0, 80)}" is neither an address nor a domain: ${screening.message}`);
  }
  return text.includes('@') ? { address: screening.key } : { domain: screening.domain };
}

export function showVerdict(key: string, verdict: Verdict, options: { readonly json: boolean }): string {
  const { status, reason, reply, mx, provider, catchall, checkedAt, stage, attempts } = verdict;
  const text = reply === null ? null : oneLine(reply, 500);
  if (options.json) {
    return JSON.stringify({
      address: key,
      status,
      reason,
      stage,
      smtp_code: reply?.code ?? null,
      smtp_reply: text,
      mx,
      provider,
      catchall,
      attempts,
      checked_at: isoTime(checkedAt),
    });
  }
  return `${isoTime(checkedAt)}  ${status.padEnd(8)} ${reason.padEnd(18)} ${printable(key, 320)}${text === null ? '' : `  ${text}`}`;
}

/** Forgets what is too old: by age where one is given, else what no run would use any more. */
export function pruneStore(
  store: ListStore,
  options: { readonly olderThanMs: number | null; readonly now: number },
): { readonly verdicts: number; readonly mail_hosts: number; readonly domains: number } {
  const { olderThanMs, now } = options;
  const staleness =
    olderThanMs !== null
      ? { olderThanMs }
      : {
          isStale: (reason: Verdict['reason'], checkedAt: number) =>
            !isFresh({ reason, checkedAt }, { now, maxAgeMs: null }),
        };
  return {
    verdicts: store.verdicts.prune(staleness),
    mail_hosts: store.mailHosts.prune(now),
    domains: store.domains.prune({ olderThanMs: olderThanMs ?? CATCHALL_LIFE_DAYS * DAY_MS }),
  };
}
