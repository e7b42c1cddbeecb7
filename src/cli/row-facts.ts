// What one address cell tells without any network: its screening, its domain's facts, and the verdict text alone can give.
import { addressInBytes } from '../address/address-in-bytes.ts';
import { type RoleClass, roleInBytes, roleOf } from '../address/role.ts';
import { type GoodAddress, type Screening, screenAddress } from '../address/screen.ts';
import type { RandomSource } from '../clock.ts';
import { type Reason, statusOf, type Verdict } from '../verdict.ts';
import { type DomainKnowledge, KnownDomains } from './known-domains.ts';

export interface RowFacts {
  readonly screening: Screening;
  /** Null where the cell holds no address. */
  readonly domain: DomainKnowledge | null;
  readonly role: RoleClass | null;
}

/** Screens cells, remembering the domains it has met. */
export class RowFactsReader {
  readonly #domains: KnownDomains;

  constructor(random: RandomSource = Math.random) {
    this.#domains = new KnownDomains(random);
  }

  read(cell: string): RowFacts {
    const screening = screenAddress(cell);
    if (!screening.valid) return { screening, domain: null, role: null };
    return { screening, domain: this.#domains.knowledgeOf(screening.domain), role: roleOf(screening.local) };
  }

  /**
   * What `read` would tell of the text that stands there, or null where it must be asked. It makes no strings, so that an
   * offline run takes half the time; its facts are good for as long as the bytes.
   */
  readInBytes(bytes: Buffer, { from, to }: { readonly from: number; readonly to: number }): RowFacts | null {
    const screening = addressInBytes(bytes, from, to);
    if (screening === null) return null;
    const { domainFrom } = screening;
    const domain = this.#domains.knowledgeOf({ bytes, from: domainFrom, to });
    return { screening, domain, role: roleInBytes(bytes, from, domainFrom - 1) };
  }
}

/** The verdict that the text and the lists give by themselves, or null where somebody must be asked. */
export function verdictOfText(
  facts: RowFacts,
  at: { readonly now: number; readonly allowReserved: boolean },
): Verdict | null {
  const { screening, domain } = facts;
  if (!screening.valid) return textVerdict('syntax', 'syntax', screening.message, at.now);
  if (domain === null || domain.reason === null || at.allowReserved) return null;
  return textVerdict(domain.reason, 'list', sentenceFor(domain), at.now);
}

function sentenceFor({ name, reason }: DomainKnowledge): string {
  if (reason === 'reserved_domain') return `${name} is reserved and takes no mail (RFC 2606, RFC 6761)`;
  return `there is no top-level domain .${name.split('.').at(-1)}`;
}

/** The verdict of an address nobody was asked about. */
export function notChecked(detail: string, now: number): Verdict {
  return textVerdict('not_checked', 'list', detail, now);
}

function textVerdict(reason: Reason, stage: 'syntax' | 'list', detail: string, now: number): Verdict {
  return {
    status: statusOf(reason),
    reason,
    stage,
    reply: null,
    detail,
    mx: null,
    provider: null,
    implicitMx: false,
    catchall: 'not_asked',
    attempts: 0,
    checkedAt: now,
    source: 'live',
  };
}

/** The address with its typing error put right, for the suggestion column; null where none is plain. */
export function suggestionOf(facts: RowFacts, verdict: Verdict): string | null {
  const { screening, domain } = facts;
  if (!screening.valid) return screening.suggestion;
  if (domain === null || domain.typo === null) return null;
  // A registered look-alike may be somebody's own domain: only known typing errors are named while it takes mail.
  if (!domain.typo.certain && !hasNoMailService(verdict)) return null;
  return `${localAsTyped(screening)}@${domain.typo.suggestion}`;
}

export function hasNoMailService(verdict: Verdict): boolean {
  return verdict.reason === 'domain_not_found' || verdict.reason === 'no_mail_service';
}

function localAsTyped(screening: GoodAddress): string {
  return screening.address.slice(0, screening.address.lastIndexOf('@'));
}
