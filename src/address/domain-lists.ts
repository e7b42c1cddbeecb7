// Loads the lists of disposable and free-mail domains and the public suffixes from their packages, once and only when
// first asked, because they cost some 20 ms that `mailgate --version` must not pay.
import { createRequire } from 'node:module';
import type { parse as parseWithTldts } from 'tldts';
import { POPULAR_DOMAINS } from './popular-domains.ts';
import { isRelayDomain } from './relay-domains.ts';
import { isReservedDomain } from './reserved-domains.ts';
import { isKnownTypo } from './typo-domains.ts';

export interface DomainLists {
  readonly disposable: ReadonlySet<string>;
  readonly free: ReadonlySet<string>;
  /** Cuts a name by the ICANN part of the public suffix list. */
  suffixOf(domain: string): SuffixFacts;
}

export interface SuffixFacts {
  /** The name one label longer than its public suffix, or null where the name is a suffix itself. */
  readonly registrable: string | null;
  /** True where the list's ICANN part knows the top-level domain. */
  readonly isIcann: boolean;
}

/** The lists, read from disk at the first call; the same object ever after. */
export function loadDomainLists(): DomainLists {
  lists ??= readLists();
  return lists;
}

let lists: DomainLists | null = null;

function readLists(): DomainLists {
  const require = createRequire(import.meta.url);
  const { disposableEmailBlocklist } = require('disposable-email-domains-js') as {
    disposableEmailBlocklist(): readonly string[];
  };
  const disposable = new Set(disposableEmailBlocklist().filter((domain) => !isRelayDomain(domain)));
  // The JSON file instead of the package's module: an ES module would have to be awaited on older Node.
  const providers = require('email-providers/all.json') as readonly string[];
  const tldts = require('tldts') as { parse: typeof parseWithTldts };
  return { disposable, free: freeDomains(providers, disposable), suffixOf: (domain) => cut(tldts.parse, domain) };
}

/** The package's list also holds throw-away services, examples and well-known misspellings, all of which must go. */
function freeDomains(providers: readonly string[], disposable: ReadonlySet<string>): ReadonlySet<string> {
  const free = new Set<string>(POPULAR_DOMAINS);
  for (const domain of providers) {
    if (disposable.has(domain) || isKnownTypo(domain) || isReservedDomain(domain) || isRelayDomain(domain)) continue;
    free.add(domain);
  }
  return free;
}

// The name was checked already, so nothing needs to be looked for in it.
const PARSE_OPTIONS = { extractHostname: false, validateHostname: false, detectIp: false, mixedInputs: false } as const;

function cut(parse: typeof parseWithTldts, domain: string): SuffixFacts {
  const { domain: registrable, isIcann } = parse(domain, PARSE_OPTIONS);
  return { registrable, isIcann: isIcann === true };
}
