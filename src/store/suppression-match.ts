// Tells which of many addresses are suppressed: by name, by their domain, or by a hash of theirs that stands on a list.
import type { Connection, Statement } from './connection.ts';
import { batches } from './domain-ids.ts';
import { ENTRY_COLUMNS, type EntryRow, entryOf, type SuppressionEntry } from './suppression-entries.ts';
import { domainOf, domainsAbove, hashOf, type KeyType, type SuppressionKeys } from './suppression-keys.ts';
import { EVERY_SCOPE, type SuppressionReason } from './suppression-reasons.ts';
import { strongest } from './suppression-recorder.ts';
import type { SuppressionSecret } from './suppression-secret.ts';
import { dayOf } from './suppression-texts.ts';

/** Why an address is suppressed: the strongest of the reasons there are. */
export interface SuppressionMatch {
  readonly reason: SuppressionReason;
  /** True where the mailbox itself is known to be gone, not only unwanted. */
  readonly hard: boolean;
  /** For people and for the `suppressed` column: reason, since when, and what was said. One line. */
  readonly text: string;
  /** Names the piece of evidence, where there is one. */
  readonly evidence: string | null;
  readonly entry: SuppressionEntry;
}

/** Keys in one statement; see `VerdictStore`, which looks up in the same way. */
const LOOK_UP_BATCH = 500;

const LOOK_UP = `
  SELECT wanted.key, ${ENTRY_COLUMNS}
  FROM json_each(?) AS wanted
  CROSS JOIN suppression_key ON suppression_key.type = ? AND suppression_key.key = wanted.value
  JOIN suppression ON key_id = suppression_key.id
  WHERE scope IN ('${EVERY_SCOPE}', ?) AND (expires_at IS NULL OR expires_at > ?)`;

export interface MatchOptions {
  /** The stream that is to be mailed; entries for all streams count in any case. */
  readonly scope: string;
  readonly now: number;
}

export class SuppressionMatcher {
  readonly #connection: Connection;
  readonly #keys: SuppressionKeys;
  readonly #secret: SuppressionSecret;
  readonly #lookUp: Statement<readonly [index: number, ...entry: EntryRow]>;

  constructor(parts: {
    readonly connection: Connection;
    readonly keys: SuppressionKeys;
    readonly secret: SuppressionSecret;
  }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
    this.#secret = parts.secret;
    this.#lookUp = parts.connection.prepare(LOOK_UP);
  }

  /** The suppressed ones among `addresses`, by address. */
  match(addresses: readonly string[], options: MatchOptions): Map<string, SuppressionMatch> {
    const found = new Map<string, SuppressionEntry[]>();
    const add = (address: string | undefined, entry: SuppressionEntry): void => {
      if (address === undefined) return;
      const others = found.get(address);
      if (others === undefined) found.set(address, [entry]);
      else others.push(entry);
    };
    for (const [type, formOf] of this.#waysToAsk()) {
      const values = addresses.map(formOf);
      for (const { index, entry } of this.#find(type, values, options)) add(addresses[index], entry);
    }
    if (this.#keys.holds('domain')) {
      const byDomain = this.#domains(addresses.map(domainOf), options);
      if (byDomain.size > 0) {
        for (const address of addresses) for (const entry of byDomain.get(domainOf(address)) ?? []) add(address, entry);
      }
    }
    return new Map([...found].flatMap(([address, entries]) => matchOf(address, entries)));
  }

  /** How an address may stand in the file, for those kinds of keys that are there. */
  #waysToAsk(): readonly (readonly [type: KeyType, formOf: (address: string) => string])[] {
    const ways: readonly (readonly [KeyType, (address: string) => string])[] = [
      ['email', (address) => address],
      ['md5', (address) => hashOf('md5', address)],
      ['sha256', (address) => hashOf('sha256', address)],
      ['hmac', (address) => this.#secret.hashOf(address)],
    ];
    return ways.filter(([type]) => this.#keys.holds(type));
  }

  /** The entries that hold for each of these domains: its own, and those of domains above that mean subdomains too. */
  #domains(names: readonly string[], options: MatchOptions): Map<string, SuppressionEntry[]> {
    const below = new Map<string, string[]>();
    for (const name of new Set(names)) {
      for (const candidate of [name, ...domainsAbove(name)]) {
        const group = below.get(candidate);
        if (group === undefined) below.set(candidate, [name]);
        else group.push(name);
      }
    }
    const candidates = [...below.keys()];
    const found = new Map<string, SuppressionEntry[]>();
    for (const { index, entry } of this.#find('domain', candidates, options)) {
      const candidate = candidates[index] ?? '';
      for (const name of below.get(candidate) ?? []) {
        if (name === candidate || entry.subdomains) found.set(name, [...(found.get(name) ?? []), entry]);
      }
    }
    return found;
  }

  *#find(
    type: KeyType,
    values: readonly string[],
    { scope, now }: MatchOptions,
  ): Generator<{ readonly index: number; readonly entry: SuppressionEntry }> {
    let start = 0;
    for (const batch of batches(values, LOOK_UP_BATCH)) {
      const rows = this.#connection.run(() => this.#lookUp.all(JSON.stringify(batch), type, scope, now));
      for (const [index, ...row] of rows) for (const entry of entryOf(row)) yield { index: start + index, entry };
      start += batch.length;
    }
  }
}

function matchOf(address: string, entries: readonly SuppressionEntry[]): [string, SuppressionMatch][] {
  const entry = strongest(entries);
  if (entry === null) return [];
  const { reason, evidence } = entry;
  return [[address, { reason, hard: reason === 'hard_bounce', text: textOf(entry), evidence, entry }]];
}

function textOf({ reason, key, firstSeen, detail }: SuppressionEntry): string {
  const whose = key.type === 'domain' ? ` of ${key.value}` : '';
  return `${reason}${whose} since ${dayOf(firstSeen)}${detail === null || detail === '' ? '' : `: ${detail}`}`;
}
