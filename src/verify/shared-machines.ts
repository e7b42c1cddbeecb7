// Finds providers that are one machine under many names: mail hosts of different domains at the very same addresses.
import type { MailHost } from '../dns/mail-hosts.ts';
import type { Provider } from '../dns/provider.ts';

/** What is known of the provider that stands for a machine. */
interface Lead {
  readonly label: string;
  readonly addresses: string[];
  readonly others: string[];
}

/**
 * `mx.customer1.com` and `mx.customer2.com` are two providers by name. Where they have exactly the same addresses, the
 * second one counts as the first: they share its limits, and what it makes of us. A part of the addresses is not enough,
 * for whoever lists a stranger's address beside its own must not answer for the stranger; nor does an unknown name ever
 * count as an operator that is known by its own (dns/provider-table.ts).
 */
export class SharedMachines {
  readonly #leads = new Map<string, Lead>();
  readonly #leadOf = new Map<string, string>();
  readonly #byAddresses = new Map<string, string>();

  /** The key under which a domain's provider counts. A provider keeps it until it is forgotten. */
  join({ provider, hosts }: { readonly provider: Provider; readonly hosts: readonly MailHost[] }): string {
    const own = provider.domain;
    const known = this.#leadOf.get(own);
    if (known !== undefined) return known;
    const addresses = bestAddresses(hosts);
    const there = this.#byAddresses.get(addresses);
    const mine = this.#leads.get(own);
    const lead = there === undefined ? undefined : this.#leads.get(there);
    if (mine === undefined && there !== undefined && lead?.label === provider.label) {
      lead.others.push(own);
      this.#leadOf.set(own, there);
      return there;
    }
    const kept = mine ?? { label: provider.label, addresses: [], others: [] };
    this.#leads.set(own, kept);
    if (there === undefined) {
      this.#byAddresses.set(addresses, own);
      kept.addresses.push(addresses);
    }
    return own;
  }

  /** How many other providers count as this one. */
  othersOf(lead: string): number {
    return this.#leads.get(lead)?.others.length ?? 0;
  }

  forget(lead: string): void {
    const known = this.#leads.get(lead);
    for (const addresses of known?.addresses ?? []) this.#byAddresses.delete(addresses);
    for (const other of known?.others ?? []) this.#leadOf.delete(other);
    this.#leads.delete(lead);
  }
}

/** The addresses of the hosts that are asked first, in one text; the order among equals is drawn by lot. */
export function bestAddresses(hosts: readonly MailHost[]): string {
  const [first, ...others] = hosts;
  if (first?.addresses.length === 1 && others[0]?.preference !== first.preference) return first.addresses[0] ?? '';
  const best = hosts.filter(({ preference }) => preference === first?.preference);
  return [...new Set(best.flatMap(({ addresses }) => addresses))].sort().join(' ');
}
