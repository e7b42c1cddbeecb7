// A pretend world of any size without a table of it: who runs a domain stands in the domain's name.

/** Operators that serve many domains, each at an address of its own, so that its connections can be counted there. */
export const OPERATORS = 200;
/** Share of the domains that one of them serves; every other domain has a mail host of its own. */
const HOSTED_SHARE = 0.6;
/** The next operator is somewhat smaller than the one before; the largest has three domains in a hundred. */
const WEIGHTS = Array.from({ length: OPERATORS }, (_, operator) => 1 / (operator + 5));
const WEIGHT = WEIGHTS.reduce((sum, weight) => sum + weight, 0);
/** Machines that the domains with mail hosts of their own are dealt out to: so many that none has its limit's worth open. */
const SHARED_MACHINES = 2000;

/** The name of domain `i`, whose operator is chosen by `draw`, a number in [0, 1). */
export function wideDomain(i: number, draw: number): string {
  return `d${i}-p${draw < HOSTED_SHARE ? operatorAt(draw / HOSTED_SHARE) : OPERATORS + i}.test`;
}

/** A domain with a mail host of its own. */
export function loneDomain(i: number): string {
  return `d${i}-p${OPERATORS + i}.test`;
}

function operatorAt(share: number): number {
  let left = share * WEIGHT;
  const found = WEIGHTS.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return found === -1 ? OPERATORS - 1 : found;
}

/** What DNS says of a name of this world. */
export function mailHostNameOf(domain: string): string | null {
  const [, operator] = /^d\d+-p(\d+)\.test$/.exec(domain) ?? [];
  return operator === undefined ? null : `mx.p${operator}-mail.test`;
}

/** The address of a mail host of this world. */
export function addressOf(host: string): string | null {
  const [, operator] = /^mx\.p(\d+)-mail\.test$/.exec(host) ?? [];
  if (operator === undefined) return null;
  const number = Number(operator);
  return number < OPERATORS ? `127.110.0.${number + 1}` : sharedMachine(number % SHARED_MACHINES);
}

/** Every address somebody listens on; the first `OPERATORS` are the operators' own. */
export const ADDRESSES: readonly string[] = [
  ...Array.from({ length: OPERATORS }, (_, i) => `127.110.0.${i + 1}`),
  ...Array.from({ length: SHARED_MACHINES }, (_, i) => sharedMachine(i)),
];

function sharedMachine(i: number): string {
  return `127.110.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`;
}

/** Nine names in ten are known: those of users whose number does not end in 0. */
export function isKnownUser(local: string): boolean {
  return local.startsWith('user') && !local.endsWith('0');
}
