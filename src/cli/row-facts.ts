// What one address cell tells without any network: its screening, its domain's facts, and the verdict text alone can give.
import { type RoleClass, roleOf } from '../address/role.ts';
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
}

/** The verdict that the text and the lists give by themselves, or null where somebody must be asked. */
export function verdictOfText(
  facts: RowFacts,
  at: { readonly now: number; readonly allowReserved: boolean },
): Verdict | null {
  const { screening, domain } = facts;
  if (!screening.valid) return textVerdict('syntax', 'syntax', screening.message, at.now);
  if (domain === null || at.allowReserved) return null;
  if (domain.facts.reserved) {
    return textVerdict(
      'reserved_domain',
      'list',
      `${domain.name} is reserved and takes no mail (RFC 2606, RFC 6761)`,
      at.now,
    );
  }
  if (domain.facts.tldRefused) {
    return textVerdict(
      'domain_not_found',
      'list',
      `there is no top-level domain .${domain.name.split('.').at(-1)}`,
      at.now,
    );
  }
  return null;
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
