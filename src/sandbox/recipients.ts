// Decides what a host answers to RCPT: who lives there, who is greylisted, and what refusals so far have changed.
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { fateByName } from './fates.ts';
import { wordsFor } from './wording.ts';
import type { Act, Behaviour, Fate, FateName, MailHost, PickyTaste } from './world.ts';

export interface RecipientQuestion {
  /** Local part without quoting, in the case it came in. */
  readonly local: string;
  readonly domain: string;
  readonly sender: string;
  readonly clientAddress: string;
  /** Recipients refused so far in this session. */
  readonly refusals: number;
  readonly behaviour: Behaviour;
}

export interface RecipientAnswer {
  readonly act: Act;
  readonly delayMs: number;
}

/** Greylists and counts of tries are cut to the newest so many. */
const MAX_REMEMBERED = 500_000;
/** postgrey's default whitelist of recipients; RFC 5321 section 4.5.1 has postmaster exist everywhere. */
const EXEMPT = new Set(['postmaster', 'abuse']);
/** A fate that leads to a fate that leads to … ends here. */
const MAX_NESTED = 8;

/** The recipient desk of one host: all its connections share what it remembers. */
export class RecipientDesk {
  readonly #host: MailHost;
  readonly #clock: Clock;
  readonly #serves: (domain: string) => boolean;
  readonly #firstSeen = new Map<string, { at: number; tries: number }>();
  #questions = 0;
  #window = { startedAt: 0, recipients: 0 };

  constructor(host: MailHost, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
    const { domains } = host;
    const listed = typeof domains === 'function' ? null : new Set(domains);
    this.#serves = typeof domains === 'function' ? domains : (domain) => listed?.has(domain) === true;
  }

  answer(question: RecipientQuestion): RecipientAnswer {
    const { behaviour, domain } = question;
    if (behaviour.at?.rcpt !== undefined) return { act: behaviour.at.rcpt, delayMs: 0 };
    if (!this.#serves(domain)) return this.#say(question, 'relay_denied');
    if (this.#isOverRate(behaviour)) return this.#say(question, 'rate_limited');
    const greylist = behaviour.greylist;
    if (greylist !== undefined && !EXEMPT.has(question.local.toLowerCase())) {
      if (this.#waitsStill(question, { ms: greylist.waitMs })) {
        if (greylist.says !== undefined) return { act: { say: greylist.says }, delayMs: 0 };
        return this.#say(question, 'greylisted');
      }
    }
    if (question.refusals >= (behaviour.defersAfterRefusals ?? Number.POSITIVE_INFINITY)) {
      return this.#say(question, 'tempfail');
    }
    const { afterRefusals } = behaviour;
    if (afterRefusals !== undefined && question.refusals >= afterRefusals.refusals) {
      return this.#carryOut(question, afterRefusals.fate);
    }
    return this.#carryOut(question, this.#fateOf(question));
  }

  #fateOf(question: RecipientQuestion): Fate {
    const { behaviour, domain } = question;
    const local = behaviour.caseSensitive === true ? question.local : question.local.toLowerCase();
    const own = this.#lookUp(local, domain) ?? (behaviour.fatesByName === true ? fateByName(local) : undefined);
    if (own !== undefined) return own;
    if (local.toLowerCase() === 'postmaster') return 'ok';
    const { accepts = 'known' } = behaviour;
    if (accepts === 'anything') return 'ok';
    if (accepts !== 'known' && TASTES[accepts](local)) return 'ok';
    if (this.#isLucky(question)) return 'ok';
    if (question.refusals >= (behaviour.acceptsAfterRefusals ?? Number.POSITIVE_INFINITY)) return 'ok';
    return behaviour.otherwise ?? 'unknown';
  }

  /** Hosts behind a balancer, or with a back end that now and then cannot look names up, take some of them at random. */
  #isLucky({ behaviour, local, domain }: RecipientQuestion): boolean {
    const chance = behaviour.acceptsByChance;
    if (chance === undefined) return false;
    this.#questions += 1;
    const seed = chance.anew ? String(this.#questions) : `${local}@${domain}`.toLowerCase();
    return createHash('sha256').update(seed).digest().readUInt32BE() % chance.oneIn === 0;
  }

  #lookUp(local: string, domain: string): Fate | undefined {
    const { mailboxes } = this.#host;
    if (mailboxes === undefined) return undefined;
    if (typeof mailboxes !== 'function') return mailboxes.get(`${local}@${domain}`) ?? mailboxes.get(local);
    const fate = mailboxes(local, domain);
    if (fate === true) return 'ok';
    return fate === false ? undefined : fate;
  }

  #carryOut(question: RecipientQuestion, start: Fate): RecipientAnswer {
    let fate = start;
    let delayMs = 0;
    for (let depth = 0; depth < MAX_NESTED; depth++) {
      if (typeof fate === 'object' && 'becomes' in fate) {
        if ('until' in fate && this.#waitsStill(question, fate.until)) return this.#say(question, 'greylisted');
        if ('delayMs' in fate) delayMs += fate.delayMs;
        fate = fate.becomes;
      } else if (isAct(fate)) {
        return { act: fate, delayMs };
      } else {
        return { ...this.#say(question, fate), delayMs };
      }
    }
    return this.#say(question, 'tempfail');
  }

  /** Counts this try, and says whether the recipient has still to wait. */
  #waitsStill(question: RecipientQuestion, until: { readonly tries?: number; readonly ms?: number }): boolean {
    const key =
      `${netOf(question.clientAddress)} ${question.sender} ${question.local}@${question.domain}`.toLowerCase();
    const seen = this.#firstSeen.get(key) ?? { at: this.#clock.now(), tries: 0 };
    seen.tries++;
    if (seen.tries === 1) {
      this.#firstSeen.set(key, seen);
      if (this.#firstSeen.size > MAX_REMEMBERED) this.#forgetOldest();
    }
    if (until.tries !== undefined && seen.tries < until.tries) return true;
    return until.ms !== undefined && this.#clock.now() - seen.at < until.ms;
  }

  #forgetOldest(): void {
    const oldest = this.#firstSeen.keys().next();
    if (!oldest.done) this.#firstSeen.delete(oldest.value);
  }

  #isOverRate(behaviour: Behaviour): boolean {
    const rate = behaviour.limits?.rate;
    if (rate === undefined) return false;
    const now = this.#clock.now();
    if (now - this.#window.startedAt >= rate.perMs) this.#window = { startedAt: now, recipients: 0 };
    this.#window.recipients++;
    return this.#window.recipients > rate.recipients;
  }

  #say(question: RecipientQuestion, fate: FateName): RecipientAnswer {
    return { act: { say: wordsFor(question.behaviour.wording ?? 'postfix', fate) }, delayMs: 0 };
  }
}

function isAct(fate: Exclude<Fate, { becomes: Fate }>): fate is Act {
  return typeof fate === 'object' || fate === 'silent' || fate === 'drop' || fate === 'reset';
}

/** What each taste takes for the name of a person. */
const TASTES: Readonly<Record<PickyTaste, (local: string) => boolean>> = {
  human_names: (local) => local.length <= 9 || /[._-]/.test(local),
  no_digits: (local) => !/\d/.test(local),
  with_vowels: (local) => /[aeiouy]/.test(local) && !/[^aeiouy._-]{4}/.test(local),
  short_names: (local) => local.length <= 12,
  dictionary_names: (local) => FIRST_NAMES.test(local),
};

/** A few of the names that a filter with a word list knows, or an initial with a separator. */
const FIRST_NAMES =
  /^(?:alex|anna?|berta|carl|clara|david|dora|emma|erik|eva|hugo|ida|jan|julia|karl|laura|lena|lisa|marc|marie|nora|otto|paul|peter|ruth|tom|[a-z][._-])/;

/** postgrey looks at the /24 of IPv4 and the /64 of IPv6. */
function netOf(address: string): string {
  return address.includes(':') ? address.split(':').slice(0, 4).join(':') : address.slice(0, address.lastIndexOf('.'));
}
