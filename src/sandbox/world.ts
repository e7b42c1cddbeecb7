// What a pretend mail world is made of: plain data that names zones, mail hosts, mailboxes and the behaviour of each.

/** Everything the sandbox answers. Names are lower-case A-labels without a trailing dot. */
export interface World {
  readonly zones: readonly Zone[];
  /** Asked for names that are not among `zones`, so that millions of domains cost no memory. */
  readonly findZone?: (name: string) => Zone | undefined;
  /** Each host's names get their A and AAAA records by themselves unless a zone of that name says otherwise. */
  readonly hosts: readonly MailHost[];
  /** An address given for every name that does not exist, as resolvers of some access networks do. */
  readonly rewritesNxdomainTo?: string;
  /** TTL and MINIMUM of the SOA in negative answers; 900 by default. */
  readonly negativeTtlSeconds?: number;
  /** Addresses worth trying by hand, each with what it gives. */
  readonly samples?: readonly Sample[];
}

export interface Sample {
  readonly address: string;
  readonly gives: string;
}

/** One name of the DNS and what is known of it. `*.name` answers for all names below that are not listed. */
export interface Zone {
  readonly name: string;
  readonly records?: readonly ZoneRecord[];
  readonly mood?: DnsMood;
}

export type ZoneRecord =
  | { readonly type: 'MX'; readonly preference: number; readonly exchange: string; readonly ttl?: number }
  | { readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR' | 'TXT'; readonly data: string; readonly ttl?: number }
  | { readonly type: 'SOA'; readonly minimum: number; readonly ttl?: number };

/** How questions for one name go wrong. Only the given types are affected where `types` is set. */
export interface DnsMood {
  readonly types?: readonly string[];
  readonly rcode?: 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'NOTIMP' | 'FORMERR';
  readonly silent?: boolean;
  readonly delayMs?: number;
  /** Empty answer with the TC bit over UDP; 'then_tcp' answers in full over TCP, 'no_tcp' closes there. */
  readonly truncated?: 'then_tcp' | 'no_tcp';
  /** The answer to any question that carries an OPT record (RFC 6891 section 7). */
  readonly ednsRefused?: 'FORMERR' | 'BADVERS';
  /** So many first questions for this name get no answer at all, or SERVFAIL. */
  readonly losesFirst?: number;
  readonly failsFirst?: number;
  /** Datagrams sent ahead of the true answer: noise, a wrong id, and an answer to another question. */
  readonly junkFirst?: boolean;
  /** Records given under an owner name that nobody asked for. */
  readonly wrongOwner?: boolean;
  /** Negative answers without SOA, which must not be cached for long (RFC 2308 section 5). */
  readonly withoutSoa?: boolean;
  /** A CNAME is given alone, as by a server that does not chase it. */
  readonly onlyCname?: boolean;
}

/** A machine that listens for SMTP on loopback, and how it behaves. */
export interface MailHost extends Mood {
  readonly name: string;
  /** Further names that lead to the same addresses. */
  readonly aliases?: readonly string[];
  /** 127.x.y.z or ::1; no two hosts share one, since a connection names no host. */
  readonly addresses: readonly string[];
  /** Under which label its connections are counted; its own name by default. */
  readonly provider?: string;
  readonly domains: readonly string[] | ((domain: string) => boolean);
  /**
   * Who lives here. A map is keyed by the address or by a bare local part for all domains; a function is asked with
   * lower-case, unquoted local part and domain.
   */
  readonly mailboxes?: Mailboxes;
}

export type Mailboxes = ReadonlyMap<string, Fate> | ((local: string, domain: string) => Fate | boolean | undefined);

/** A behaviour that may change from one connection to the next. */
export interface Mood extends Behaviour {
  /** Behaviours laid over the base one, connection by connection: 'repeat' goes round, 'base' ends with the base. */
  readonly variants?: { readonly list: readonly Behaviour[]; readonly afterwards: 'repeat' | 'base' };
  /** What differs for connections from these IP addresses. */
  readonly byClient?: ReadonlyMap<string, Behaviour>;
}

/** All that can differ from one connection to the next. What is not given is as a plain, truthful Postfix does it. */
export interface Behaviour {
  /** 'known' tells names apart, 'anything' is a catch-all, the others are one that refuses names that look made up. */
  readonly accepts?: 'known' | 'anything' | PickyTaste;
  /** One in so many names nobody has is accepted, by what it is called, or anew at each question. */
  readonly acceptsByChance?: { readonly oneIn: number; readonly anew: boolean };
  /** The fate of a name nobody has; 'unknown' by default. */
  readonly otherwise?: Fate;
  /** Once a session has so many refused recipients, everything is accepted, or put off. */
  readonly acceptsAfterRefusals?: number;
  readonly defersAfterRefusals?: number;
  /** The same with any fate (Exim recipes over `$rcpt_fail_count` refuse everybody). */
  readonly afterRefusals?: { readonly refusals: number; readonly fate: Fate };
  readonly greylist?: Greylist;
  /** Lets a local part name its own fate: greylist@, full@, disabled@, timeout@ … (see fates.ts). */
  readonly fatesByName?: boolean;
  /** Local parts are told apart by case (RFC 5321 section 2.4 allows it). */
  readonly caseSensitive?: boolean;
  readonly refusesNullSender?: boolean;
  readonly wording?: Wording;
  readonly offers?: Offers;
  readonly limits?: Limits;
  readonly wire?: Wire;
  /** What happens at a step instead of the usual reply, for everybody. */
  readonly at?: { readonly [step in Step]?: Act };
}

/**
 * What a picky catch-all takes for a name: nothing long without a separator, no digits, enough vowels, at most twelve
 * letters, a first name it knows at the beginning.
 */
export type PickyTaste = 'human_names' | 'no_digits' | 'with_vowels' | 'short_names' | 'dictionary_names';

/** Whose words the replies use. */
export type Wording = 'postfix' | 'exim' | 'sendmail' | 'opensmtpd' | 'google' | 'microsoft' | 'outlook' | 'yahoo';

export type Step = 'banner' | 'ehlo' | 'helo' | 'starttls' | 'mail' | 'rcpt' | 'rset' | 'quit';

/** One thing a host does in place of, or as, its reply. */
export type Act =
  | SayAct
  /** Bytes as they are; the characters of a string are bytes (Latin-1). */
  | { readonly raw: string | Uint8Array; readonly close?: boolean }
  /** The same characters over and over until so many bytes are out or the client is gone. */
  | { readonly flood: string; readonly bytes: number }
  /** No word from here on, or FIN, or RST. */
  | 'silent'
  | 'drop'
  | 'reset';

/**
 * Complete reply lines, separated by "\n"; `{rcpt}`, `{sender}`, `{host}` and `{client}` are filled in.
 * `pauseMs` passes between lines; `close` ends the connection behind the reply.
 */
export interface SayAct {
  readonly say: string;
  readonly pauseMs?: number;
  readonly close?: boolean;
}

export const FATE_NAMES = [
  'ok',
  'forwarded',
  'unverified',
  'unknown',
  'full',
  'full_for_now',
  'disabled',
  'disabled_for_now',
  'greylisted',
  'tempfail',
  'rate_limited',
  'blocked',
  'sender_rejected',
  'content_rejected',
  'relay_denied',
] as const;
export type FateName = (typeof FATE_NAMES)[number];

/** What becomes of a recipient. */
export type Fate =
  | FateName
  | Act
  /** Greylisted until the n-th try, or until so long after the first, counted per client, sender and recipient. */
  | { readonly until: { readonly tries?: number; readonly ms?: number }; readonly becomes: Fate }
  | { readonly delayMs: number; readonly becomes: Fate };

/** Key: client net (IPv4 /24), sender, recipient, as postgrey has it. `says` overrides the words. */
export interface Greylist {
  readonly waitMs: number;
  readonly says?: string;
}

export interface Offers {
  /** False: EHLO gets 502 and HELO works. */
  readonly ehlo?: boolean;
  readonly pipelining?: boolean;
  readonly smtputf8?: boolean;
  /**
   * 'works' and 'required' (530 at MAIL before it) take a handshake with a self-signed certificate; 'broken' says 220
   * and talks nonsense, 'refused' says 454, 'injects' sends a reply behind its 220 in the clear (CVE-2011-0411).
   */
  readonly starttls?: 'works' | 'required' | 'required_broken' | 'broken' | 'refused' | 'injects';
  /** EHLO keywords beside these; `bare: true` leaves out all of them. */
  readonly keywords?: readonly string[];
  readonly bare?: boolean;
}

export interface Limits {
  /** Recipients in one transaction, then 452 4.5.3 (or `tooManySays`). */
  readonly recipients?: number;
  readonly tooManySays?: string;
  /** Different domains in one transaction get 451 4.3.0. */
  readonly oneDomain?: boolean;
  /** From this error on every reply comes late (Postfix smtpd_soft_error_limit), by `softDelayMs` (1000). */
  readonly softErrors?: number;
  readonly softDelayMs?: number;
  /** At this error an unasked 421 follows the reply and the connection ends (Postfix smtpd_hard_error_limit). */
  readonly hardErrors?: number;
  /** 421 and close once so many commands, or recipients, were taken in a session. */
  readonly commands?: number;
  readonly recipientsPerSession?: number;
  /** Commands other than MAIL, RCPT, DATA and QUIT (Exim smtp_accept_max_nonmail). */
  readonly nonmail?: number;
  /** Connections of all clients to this host at once; more get 421 as their banner. */
  readonly connections?: number;
  /** Recipients of all sessions within a window; more get 450 4.7.1. */
  readonly rate?: { readonly recipients: number; readonly perMs: number };
  /** How input before its reply is due is answered; by nothing if not set. */
  readonly punishesEarlyTalk?: 'exim' | 'opensmtpd' | 'postfix' | 'postscreen';
}

export interface Wire {
  /** Every reply goes out so long after its command came in: a round trip. Pipelined commands share the wait. */
  readonly latencyMs?: number;
  /** Working time for each reply, one after the other. */
  readonly thinkMs?: number;
  /** Sends byte by byte with this pause. */
  readonly byteMs?: number;
  /** Sends the first so many bytes of each reply in a segment of their own. */
  readonly splitAt?: number;
  /** Ends lines with this instead of CRLF. */
  readonly lineEnd?: string;
}
