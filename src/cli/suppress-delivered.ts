// `mailgate suppress delivered`: reads a delivery log; who was reached has no soft bounces any more.
import { printable } from '../smtp/printable.ts';
import type { Delivery, DeliveryOutcome } from '../store/suppression-deliveries.ts';
import { count, plural } from './number-words.ts';
import { type NamedRow, openRows, type RowSource } from './suppress-rows.ts';
import { failureRules, type SuppressSession } from './suppress-session.ts';
import { addressSubject } from './suppress-subjects.ts';
import { timeOf } from './suppress-times.ts';
import { plainWord } from './suppress-words.ts';

export interface DeliveredSettings extends RowSource {
  readonly softLimit: number;
  readonly softWindowMs: number;
  readonly dryRun: boolean;
}

/** Reads the log and prints what came of it. */
export async function takeDeliveries(session: SuppressSession, settings: DeliveredSettings): Promise<void> {
  const opened = await openRows(session, settings, () => null);
  try {
    const run = new DeliveryRun(session, settings, opened.columns ?? new Set());
    for await (const row of opened.rows()) await run.take(row);
    await run.finish(opened.name);
  } finally {
    await opened.close();
  }
}

const BATCH = 5000;

/** The columns that tell what happened and when, as logs name them; the first that is there counts. */
const EVENT_COLUMNS = ['event', 'eventtype', 'recordtype', 'status', 'type', 'state'];
const TIME_COLUMNS = [
  'deliveredat',
  'timestamp',
  'time',
  'date',
  'createdat',
  'created',
  'sentat',
  'processed',
  'datetime',
];

/**
 * Words for a message that reached its mailbox, or was opened there. Not among them: `send`, `processed`, `accepted`,
 * which services say when they have only taken the message from us.
 */
const DELIVERED_WORDS: ReadonlySet<string> = new Set(
  [
    'delivered', // SendGrid, Mailgun
    'delivery', // SES, Postmark
    'sent', // Postfix: status=sent
    'success',
    'ok',
    'open', // SendGrid, SES, Postmark
    'opened',
    'click',
    'clicked',
  ].map(plainWord),
);

class DeliveryRun {
  readonly #session: SuppressSession;
  readonly #settings: DeliveredSettings;
  readonly #eventColumn: string | null;
  readonly #timeColumn: string | null;
  readonly #counts = { rows: 0, deliveries: 0, lifted: 0, reset: 0, invalid: 0 };
  #waiting: Delivery[] = [];

  constructor(session: SuppressSession, settings: DeliveredSettings, columns: ReadonlySet<string>) {
    const present = (names: readonly string[]): string | null => names.find((name) => columns.has(name)) ?? null;
    this.#session = session;
    this.#settings = settings;
    this.#eventColumn = present(EVENT_COLUMNS);
    this.#timeColumn = present(TIME_COLUMNS);
  }

  async take(row: NamedRow): Promise<void> {
    this.#counts.rows += 1;
    if (this.#eventColumn !== null && !isDelivered(row.cell(this.#eventColumn))) return;
    const subject = addressSubject(row.subject);
    if (subject.status === 'bad') {
      this.#counts.invalid += 1;
      return;
    }
    this.#counts.deliveries += 1;
    const time = this.#timeColumn === null ? null : timeOf(row.cell(this.#timeColumn));
    this.#waiting.push({ address: subject.key.value, at: time ?? this.#session.now, source: 'delivery log' });
    if (this.#waiting.length >= BATCH) await this.#flush();
  }

  async finish(name: string): Promise<void> {
    await this.#flush();
    const { settings, notices, print } = this.#session;
    const { rows, deliveries, lifted, reset, invalid } = this.#counts;
    if (invalid > 0) notices.warn(`${plural(invalid, 'row')} of ${name} left out: no address.`);
    if (settings.json) {
      await print(`${JSON.stringify({ file: name, rows, deliveries, reset, lifted, invalid })}\n`);
      return;
    }
    const dry = this.#settings.dryRun ? ' (dry run: nothing was changed)' : '';
    const counters = reset === 1 ? 'one count of soft bounces' : `${count(reset)} counts of soft bounces`;
    await print(
      `${printable(name, 200)}: ${plural(rows, 'row')}, ${count(deliveries)} delivered; ${counters} reset, ${count(lifted)} suppressions lifted${dry}\n`,
    );
  }

  async #flush(): Promise<void> {
    const { store, invocation } = this.#session;
    invocation.interrupted.throwIfAborted();
    const { dryRun } = this.#settings;
    const waiting = this.#waiting;
    this.#waiting = [];
    const outcomes = store.suppressions.delivered(waiting, { dryRun, ...failureRules(this.#settings) });
    this.#counts.lifted += outcomes.filter(isStatus('lifted')).length;
    this.#counts.reset += outcomes.filter(isStatus('reset')).length;
  }
}

function isStatus(wanted: DeliveryOutcome['status']): (outcome: DeliveryOutcome) => boolean {
  return ({ status }) => status === wanted;
}

/** A reply or status code of success counts as well (`250 2.0.0 OK`, `2.0.0`). */
function isDelivered(word: string): boolean {
  return DELIVERED_WORDS.has(plainWord(word)) || /^2(?:\d\d|\.\d{1,3}\.\d{1,3})(?:\D|$)/.test(word.trim());
}
