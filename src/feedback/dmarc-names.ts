// Splits and looks up the names of a report's elements, some twenty for each of a million records.

export interface ElementName {
  readonly qualifiedName: string;
  /** '' for none. */
  readonly prefix: string;
  /** Without prefix, in lower case. */
  readonly name: string;
}

/** With the factors below, hardly two names of a record share a slot. */
const SLOTS = 256;

/** The names that are looked for, so that comparing them later compares two pointers: this is what the speed hangs on. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map(
  [
    ['feedback', 'version', 'report_metadata', 'org_name', 'email', 'extra_contact_info', 'report_id', 'begin', 'end'],
    ['error', 'errors', 'generator', 'policy_published', 'domain', 'adkim', 'aspf', 'p', 'sp', 'np', 'pct', 'fo'],
    ['testing', 'discovery_method', 'record', 'row', 'source_ip', 'count', 'policy_evaluated', 'disposition', 'dkim'],
    ['spf', 'reason', 'type', 'comment', 'identifiers', 'identities', 'header_from', 'envelope_from', 'envelope_to'],
    ['auth_results', 'selector', 'result', 'scope', 'human_result', 'extension', 'extensions', 'date_range'],
  ].flatMap((names) => names.map((name) => [name, name] as const)),
);

/** Remembers a fixed number of names, whatever a document calls its elements. */
export class ElementNames {
  readonly #slots: (ElementName | undefined)[] = new Array(SLOTS).fill(undefined);

  /** Finds a name by its length and ends first: half the time of a Map, which hashes each new string. */
  of(qualifiedName: string): ElementName {
    const { length } = qualifiedName;
    const ends = qualifiedName.charCodeAt(0) * 48 + qualifiedName.charCodeAt(length - 1);
    const slot = (length * 5 + ends) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && known.qualifiedName === qualifiedName) return known;
    const colon = qualifiedName.indexOf(':');
    const plain = qualifiedName.slice(colon + 1).toLowerCase();
    const prefix = qualifiedName.slice(0, Math.max(colon, 0));
    const name = { qualifiedName, prefix, name: OWN_NAMES.get(plain) ?? plain };
    this.#slots[slot] = name;
    return name;
  }
}
