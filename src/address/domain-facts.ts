// Says of a domain what lists and tables can tell: flags for people and scores, and the few names nobody need ask DNS
// about. None of the flags is a verdict.
import { type DomainLists, loadDomainLists } from './domain-lists.ts';
import { isRelayDomain } from './relay-domains.ts';
import { isReservedDomain } from './reserved-domains.ts';
import { isMistypedTopLevel } from './typo-domains.ts';

export interface DomainFacts {
  /** A throw-away mailbox service, or a name below one. */
  readonly disposable: boolean;
  /** A forwarding service for private aliases: real people read those. */
  readonly relay: boolean;
  /** A provider where anybody can have a mailbox. */
  readonly free: boolean;
  /** A special-use name (RFC 2606, 6761 and others): not to be asked about on the internet. */
  readonly reserved: boolean;
  /** The domain is a public suffix such as co.uk: odd, though some take mail. */
  readonly publicSuffix: boolean;
  /** The ICANN part of the public suffix list knows the top-level domain; a miss alone is no proof, the list ages. */
  readonly tldKnown: boolean;
  /** The top-level domain is a known misspelling that does not exist: no need to ask DNS. */
  readonly tldRefused: boolean;
  /** The registrable domain, or null where the name is a public suffix. */
  readonly registrable: string | null;
}

/** The facts about one checked domain (A-labels, lower case, no trailing dot). Loads the lists at the first call. */
export function domainFacts(domain: string): DomainFacts {
  const lists = loadDomainLists();
  const reserved = isReservedDomain(domain);
  const { registrable, isIcann } = lists.suffixOf(domain);
  const disposable = !reserved && isDisposable(domain, registrable, lists);
  return {
    disposable,
    relay: isRelayDomain(domain),
    free: lists.free.has(domain),
    reserved,
    publicSuffix: registrable === null && isIcann,
    tldKnown: isIcann,
    tldRefused: !isIcann && isMistypedTopLevel(domain.slice(domain.lastIndexOf('.') + 1)),
    registrable,
  };
}

/** Services give out names below their own, so each parent counts, down to the registrable one but not its suffix. */
function isDisposable(domain: string, registrable: string | null, lists: DomainLists): boolean {
  let name = domain;
  for (;;) {
    if (lists.disposable.has(name)) return true;
    if (registrable === null || name.length <= registrable.length) return false;
    name = name.slice(name.indexOf('.') + 1);
  }
}
