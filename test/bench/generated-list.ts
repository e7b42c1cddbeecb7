// Writes a list like those people have, the same for the same number of rows: skewed domains, duplicates, faults, quotes.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { seededRandom } from './random.ts';

export const SHARES = { quoted: 0.11, duplicates: 0.2, malformed: 0.03 } as const;

/** Writes `rows` rows below a header. The addresses are made up, and nobody is asked about them. */
export async function writeGeneratedList(path: string, rows: number): Promise<void> {
  const out = createWriteStream(path);
  const people = new People(rows);
  const random = seededRandom(rows);
  let chunk = 'id,email,name,city,signed_up\n';
  for (let row = 1; row <= rows; row += 1) {
    chunk += `${row},${addressCell(people, random)},${nameCell(random)},${pick(CITIES, random)},${day(random)}\n`;
    if (chunk.length < 1 << 18) continue;
    if (!out.write(chunk)) await once(out, 'drain');
    chunk = '';
  }
  out.end(chunk);
  await once(out, 'close');
}

function addressCell(people: People, random: () => number): string {
  if (random() < SHARES.malformed) return pick(FAULTS, random)(people.anybody(random));
  if (random() < SHARES.duplicates) {
    const again = people.somebodyMet(random);
    return random() < 0.2 ? again.toUpperCase() : again;
  }
  const address = people.next();
  return random() < 0.01 ? ` ${address} ` : address;
}

/** People by number: each has one address, worked out again whenever it is wanted. */
class People {
  #met = 0;
  readonly #domains: number;

  constructor(rows: number) {
    this.#domains = Math.max(100, Math.round(rows / 50)); // 191,000 are met in ten million rows
  }

  next(): string {
    this.#met += 1;
    return this.#address(this.#met);
  }

  somebodyMet(random: () => number): string {
    return this.#address(1 + Math.floor(random() * Math.max(1, this.#met)));
  }

  anybody(random: () => number): string {
    return this.#address(Math.floor(random() * 2 ** 30));
  }

  #address(person: number): string {
    const random = seededRandom(person * 7919);
    const domain = this.#domain(random);
    if (random() < 0.02) return `${pick(ROLES, random)}@${domain}`;
    const [first, last] = [pick(FIRST_NAMES, random), pick(LAST_NAMES, random)];
    const number = person % 99_991;
    const style = random();
    if (style < 0.4) return `${first}.${last}${number}@${domain}`;
    if (style < 0.6) return `${first}${number}@${domain}`;
    if (style < 0.8) return `${first.charAt(0)}${last}${number}@${domain}`;
    return `${capital(first)}.${capital(last)}${number}@${domain}`;
  }

  /** Six in ten are with a big provider; the others' domains follow a power law, as companies' sizes do. */
  #domain(random: () => number): string {
    const draw = random();
    if (draw < 0.6) return PROVIDERS[Math.floor(PROVIDERS.length * (draw / 0.6) ** 3)] ?? 'gmail.com';
    if (draw < 0.61) return pick(MISTYPED, random);
    const company = Math.floor(this.#domains * random() ** 2.5);
    const topLevel = TOP_LEVELS[company % TOP_LEVELS.length];
    return `${LAST_NAMES[company % LAST_NAMES.length]}-${TRADES[company % TRADES.length]}${company}.${topLevel}`;
  }
}

function nameCell(random: () => number): string {
  const [first, last] = [pick(FIRST_NAMES, random), pick(LAST_NAMES, random)];
  if (random() >= SHARES.quoted) return `${first} ${last}`;
  return random() < 0.2 ? `"${first} ""${first.charAt(0)}"" ${last}"` : `"${last}, ${first}"`;
}

function day(random: () => number): string {
  const number = Math.floor(random() * 28 * 12 * 15);
  const month = String(1 + (Math.floor(number / 28) % 12)).padStart(2, '0');
  return `${2010 + Math.floor(number / 336)}-${month}-${String(1 + (number % 28)).padStart(2, '0')}`;
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T;
}

/** What goes wrong in address fields, most of it beyond repair. */
const FAULTS: readonly ((address: string) => string)[] = [
  (address) => address.replace('@', ''),
  (address) => address.replace('@', '@@'),
  (address) => address.replace('.', ' '),
  (address) => address.slice(0, address.indexOf('@') + 1),
  (address) => address.slice(address.indexOf('@')),
  (address) => address.replace(/\.[a-z]+$/, ''),
  (address) => address.replace('@', ' at '),
  (address) => address.replace('@', '..@'),
  () => '',
  () => 'n/a',
];

const PROVIDERS =
  'gmail.com yahoo.com hotmail.com gmx.de outlook.com web.de icloud.com aol.com t-online.de orange.fr libero.it mail.ru'.split(
    ' ',
  );
const MISTYPED = 'gmial.com gmail.con hotmial.com yahoo.co outlok.com gmx.dee'.split(' ');
const ROLES = 'info office sales contact support admin billing postmaster'.split(' ');
const TOP_LEVELS = 'com de net fr org it co.uk nl ch at es pl'.split(' ');
const TRADES = 'bau holz technik design consulting foods media garden travel stone labs textil print'.split(' ');
const CITIES = 'Berlin Wien Paris Lyon Milano Roma Madrid Porto Gent Utrecht London Leeds Oslo Praha Zagreb'.split(' ');
const FIRST_NAMES =
  'anna lukas maria peter julia thomas laura paul sofia marco elena david nina jan carla felix ida hugo emma leon'.split(
    ' ',
  );
const LAST_NAMES =
  'meier schmidt rossi garcia martin bernard novak kowalski jansen berg lopez weber keller moreau ferrari silva'.split(
    ' ',
  );
