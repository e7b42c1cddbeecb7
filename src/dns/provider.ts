// Who runs a mail host: the key that pace and block marks hang on, a name for people, and what is known of the operator.
import { getDomain, getDomainWithoutSuffix } from 'tldts';
import { PROVIDERS, type ProviderKind, type ProviderRow } from './provider-table.ts';

export interface Provider {
  /** Registrable domain of the host (ICANN suffixes only); an IP address or a single label stands for itself. */
  readonly domain: string;
  /** What limits and block marks hang on: the registrable domain, or that of another name for the same machine. */
  readonly key: string;
  /** The operator's name in one word, `other` where unknown. */
  readonly label: string;
  readonly kind: ProviderKind;
  /** It accepts at RCPT what it later refuses, so only its refusals can be believed. */
  readonly acceptanceProvesNothing: boolean;
  /** It refuses a second RCPT in one transaction. */
  readonly oneRecipientPerTransaction: boolean;
  /** Its replies to RCPT may take half a minute. */
  readonly slowReplies: boolean;
}

/** Expects the best mail host's name; answers of any text, known or not. */
export function providerOf(hostName: string): Provider {
  const host = hostName.toLowerCase().replace(/\.$/, '');
  const name = getDomainWithoutSuffix(host, ICANN_ONLY); // once for all rows: it is asked for each domain of a list
  const row = PROVIDERS.find((candidate) => matches({ host, name }, candidate));
  // Private suffixes are left out: customers of one hosting company under it share its machines and its limits.
  const domain = getDomain(host, ICANN_ONLY) ?? host;
  return {
    domain,
    key: domain,
    label: row?.label ?? 'other',
    kind: row?.kind ?? 'other',
    acceptanceProvesNothing: row?.acceptanceProvesNothing ?? false,
    oneRecipientPerTransaction: row?.oneRecipientPerTransaction ?? false,
    slowReplies: row?.slowReplies ?? false,
  };
}

const ICANN_ONLY = { allowPrivateDomains: false, extractHostname: false };

function matches({ host, name }: { readonly host: string; readonly name: string | null }, row: ProviderRow): boolean {
  if ('name' in row) return name === row.name;
  if (host !== row.endsIn && !host.endsWith(`.${row.endsIn}`)) return false;
  return row.startsWith === undefined || host.startsWith(row.startsWith);
}
