// Shows what was found out about one address: a few lines of evidence for people, one object for machines.
import type { ChalkInstance } from 'chalk';
import { isPlainlyValid } from '../address/screen.ts';
import { printable } from '../smtp/printable.ts';
import { oneLine } from '../smtp/reply.ts';
import { describeTls } from '../smtp/tls.ts';
import type { ProbeEvent } from '../verify/probe.ts';
import { isoTime, scoreOfRow } from './annotation.ts';
import type { Examined } from './check-addresses.ts';
import { dialogueLine } from './dialogue.ts';
import { dueIn } from './number-words.ts';
import { REASON_WORDS } from './reason-words.ts';
import { suggestionOf } from './row-facts.ts';
import { COLOUR } from './summary.ts';
import { folded } from './terminal.ts';

const MOST_REPLY_CHARACTERS = 500;

/** In one screen a reply has room for its gist; `-v` shows all of it. */
const MOST_SHOWN_OF_REPLY = 140;
const HOSTS_SHOWN = 3;
const ASKED_SHOWN = 4;

/** How evidence is shown. */
export interface EvidenceLook {
  readonly colours: ChalkInstance;
  /** True to show the dialogue, too. */
  readonly verbose: boolean;
  /** The width of the terminal; null where lines need not end before some edge. */
  readonly width?: number | null;
}

/** The lines `check` prints for one address; with `verbose` the dialogue too. */
export function evidenceLines(examined: Examined, look: EvidenceLook): string[] {
  const { verdict, facts } = examined;
  const { colours, verbose, width = null } = look;
  const shown = printable(facts.screening.address === '' ? examined.input : facts.screening.address, 320);
  const { score, factors } = scoreOfRow({ ...examined, duplicateOf: null });
  const lines = [`${colours.bold(shown)}  ${COLOUR[verdict.status](colours)(verdict.status)} (${verdict.reason})`];
  const add = (label: string, text: string): void => {
    const [first = '', ...rest] = folded(text, width === null ? null : width - INDENT);
    lines.push(`  ${colours.dim(label.padEnd(9))} ${first}`, ...rest.map((line) => ' '.repeat(INDENT) + line));
  };
  add('why', REASON_WORDS[verdict.reason].means);
  const suggestion = suggestionOf(facts, verdict);
  add('next', nextLine(examined, suggestion));
  add('syntax', syntaxLine(examined));
  for (const text of mailHostLines(examined)) add('mx', text);
  const secured = tlsOf(examined);
  if (secured !== null) add('tls', `${printable(secured.host, 255)}: ${describeTls(secured.tls)}`);
  const asked = askedLines(examined, verbose);
  const left = verbose ? 0 : Math.max(0, asked.length - ASKED_SHOWN);
  if (left > 0) add('asked', `${left} more before these; -v shows all`);
  for (const text of asked.slice(left)) add('asked', text);
  const detail = verdict.stage === 'syntax' || verdict.detail === null ? null : printable(verdict.detail, 300);
  if (detail !== null && !asked.some((text) => text.endsWith(detail))) add(verdict.stage, detail);
  if (isAboutCatchall(examined)) add('catch-all', CATCHALL_WORDS[verdict.catchall]);
  const flags = flagsOf(examined);
  add('flags', flags.length === 0 ? 'none' : flags.join(', '));
  if (suggestion !== null) add('meant?', printable(suggestion, 320));
  const sum = factors.map(({ name, points }) => `${name} ${points > 0 ? '+' : ''}${points}`).join(', ');
  add('score', `${score} = ${sum}`);
  add(
    'source',
    verdict.source === 'cache' ? `from the cache, asked ${isoTime(verdict.checkedAt)}` : sourceNow(examined),
  );
  for (const event of verbose ? examined.events : []) {
    if (event.type === 'dialogue') lines.push(`    ${dialogueLine(event, colours)}`);
  }
  return lines;
}

/** Where texts begin behind their labels. */
const INDENT = 12;

/** What to do; for who was put off, when: the same command asks again then, and `--wait` within this one. */
function nextLine({ verdict, dueAt, now }: Examined, suggestion: string | null): string {
  const { todo } = REASON_WORDS[verdict.reason];
  if (verdict.status === 'invalid' && todo.startsWith('Take the suggestion'))
    return suggestion === null ? 'Remove it.' : `${printable(suggestion, 320)} may have been meant; else remove it.`;
  if (dueAt === null) return todo;
  const isSoon = dueAt - now < LONGEST_WAIT_MS;
  const when = isSoon ? '' : ` (${isoTime(dueAt)})`;
  const wait = isSoon ? ', or let --wait 10m do it now' : '';
  const again = `Run the same command again ${dueIn(dueAt, now)}${when}${wait}.`;
  return verdict.reason === 'catchall_untested' ? `${todo} ${again}` : again;
}

/** Nobody sits before a terminal for longer. */
const LONGEST_WAIT_MS = 540_000;

function sourceNow({ verdict }: Examined): string {
  return verdict.attempts > 0 || verdict.stage === 'dns' ? 'asked just now' : 'nobody was asked';
}

/** Nothing is said of it where no recipient was answered for. */
function isAboutCatchall({ verdict, events }: Examined): boolean {
  return verdict.catchall !== 'not_asked' || events.some((event) => event.type === 'reply');
}

const CATCHALL_WORDS = {
  yes: 'yes: a name nobody has was accepted too',
  no: 'no: the domain refuses names it does not know',
  unknown: 'unclear: the question for a name nobody has got no clear answer',
  not_asked: 'not asked: the verdict did not depend on it',
} as const;

function syntaxLine({ facts: { screening } }: Examined): string {
  if (!screening.valid) return `bad: ${screening.message}`;
  const repaired = screening.repairs.length === 0 ? '' : `, repaired (${screening.repairs.join(', ')})`;
  const needs = screening.smtputf8 ? ', needs SMTPUTF8' : '';
  return `good${repaired}${needs}${screening.suspicious ? ', unusual' : ''}`;
}

function mailHostLines({ plan, verdict, now }: Examined): string[] {
  if (plan === null) return verdict.mx === null ? [] : [printable(verdict.mx, 255)];
  if (plan.status === 'decided') return [];
  const ttl = Math.max(0, Math.round((plan.expiresAt - now) / 1000));
  const hosts = plan.hosts.slice(0, HOSTS_SHOWN).map((host) => {
    const others = host.addresses.length - 1;
    return `${host.preference} ${printable(host.name, 255)} (${host.addresses[0] ?? ''}${others > 0 ? ` and ${others} more` : ''})`;
  });
  const left = plan.hosts.length - HOSTS_SHOWN;
  const more = left > 0 ? `${left} more ${left === 1 ? 'host' : 'hosts'}; ` : '';
  const operator = verdict.provider === null ? '' : `run by ${printable(verdict.provider, 255)}; `;
  const about = `${more}${operator}DNS says so for ${ttl} s${plan.fromCache ? ' (kept from an earlier look-up)' : ''}`;
  return [...hosts, about, ...plan.warnings.map((warning) => printable(warning, 300))];
}

/** The encryption of the last session that had any. */
function tlsOf({ events }: Examined): Extract<ProbeEvent, { type: 'tls' }> | null {
  return events.findLast((event) => event.type === 'tls') ?? null;
}

function askedLines({ events, verdict }: Examined, verbose: boolean): string[] {
  const most = verbose ? MOST_REPLY_CHARACTERS : MOST_SHOWN_OF_REPLY;
  const lines: string[] = [];
  for (const event of events) {
    if (event.type === 'connect' && event.outcome !== 'ready')
      lines.push(`${printable(event.host, 255)} [${event.address}]: ${printable(event.outcome, 300)}`);
    if (event.type === 'reply') {
      const who = event.control ? `a name nobody has (${event.recipient})` : event.recipient;
      lines.push(
        `${printable(event.host, 255)} about ${printable(who, 320)}: ${oneLine(event.reply, most)} → ${event.meaning} (rule ${event.rule})`,
      );
    }
  }
  if (lines.length > 0) return lines;
  return verdict.reply === null
    ? []
    : [`${printable(verdict.mx ?? '', 255)} at ${verdict.stage}: ${oneLine(verdict.reply, 300)}`];
}

function flagsOf({ facts: { domain, role }, verdict }: Examined): string[] {
  const flags: string[] = [];
  if (role !== null) flags.push(role === 'high_risk' ? 'role (high risk)' : 'role');
  if (domain?.facts.disposable === true) flags.push('disposable');
  if (domain?.facts.relay === true) flags.push('relay');
  if (domain?.facts.free === true) flags.push('free');
  if (domain?.typo?.certain === true) flags.push('typo');
  if (verdict.implicitMx) flags.push('implicit MX');
  return flags;
}

function tlsObject(examined: Examined): Record<string, unknown> | null {
  const secured = tlsOf(examined);
  if (secured === null) return null;
  const { protocol, cipher, certificate, distrust } = secured.tls;
  const { subject = null, issuer = null, validTo = null } = certificate ?? {};
  const shown = certificate === null ? null : { subject, issuer, valid_to: validTo };
  return { host: secured.host, protocol, cipher, certificate: shown, authorized: distrust === null, why: distrust };
}

/** The object `check --json` prints for one address; names are part of the contract. */
export function evidenceObject(examined: Examined, id: unknown): Record<string, unknown> {
  const { facts, verdict, plan, events } = examined;
  const { screening, domain } = facts;
  const { score, factors } = scoreOfRow({ ...examined, duplicateOf: null });
  return {
    ...(id === undefined ? {} : { id }),
    input: examined.input,
    address: screening.valid ? screening.address : null,
    status: verdict.status,
    reason: verdict.reason,
    score,
    factors,
    syntax: {
      valid: isPlainlyValid(screening),
      reason: screening.valid ? null : screening.reason,
      message: screening.valid ? null : screening.message,
      position: screening.valid ? null : screening.position,
      repairs: screening.repairs,
      ascii: screening.valid && !screening.smtputf8 ? `${screening.local}@${screening.domain}` : null,
      smtputf8: screening.valid && screening.smtputf8,
      quoted: screening.valid && screening.quoted,
    },
    domain: screening.valid ? screening.domain : null,
    suggestion: suggestionOf(facts, verdict),
    mx: plan?.status === 'ask' ? plan.hosts : [],
    provider: verdict.provider,
    smtp: {
      host: verdict.mx,
      stage: verdict.stage,
      code: verdict.reply?.code ?? null,
      enhanced: verdict.reply?.enhanced ?? null,
      reply: verdict.reply === null ? null : oneLine(verdict.reply, MOST_REPLY_CHARACTERS),
      attempts: verdict.attempts,
      tls: tlsObject(examined),
    },
    detail: verdict.detail === null ? null : printable(verdict.detail, 500),
    stage: verdict.stage,
    catchall: verdict.catchall,
    flags: {
      role: facts.role !== null,
      disposable: domain?.facts.disposable ?? false,
      free: domain?.facts.free ?? false,
      relay: domain?.facts.relay ?? false,
      typo: domain?.typo?.certain ?? false,
      implicit_mx: verdict.implicitMx,
    },
    evidence: events.flatMap((event) => {
      if (event.type !== 'reply') return [];
      const { code, enhanced } = event.reply;
      return [
        {
          host: event.host,
          recipient: event.recipient,
          control: event.control,
          code,
          enhanced,
          reply: oneLine(event.reply, MOST_REPLY_CHARACTERS),
          meaning: event.meaning,
          rule: event.rule,
        },
      ];
    }),
    checked_at: isoTime(verdict.checkedAt),
    source: verdict.source,
  };
}
