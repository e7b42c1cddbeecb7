// Names that stand outside the public DNS or were set aside for examples: no mail can reach them from the internet.

/** True for a special-use name and everything below it. Input: A-labels, lower case. */
export function isReservedDomain(domain: string): boolean {
  const lastDot = domain.lastIndexOf('.');
  const topLevel = domain.slice(lastDot + 1);
  if (RESERVED_TOP_LEVELS.has(topLevel)) return true;
  if (lastDot < 0) return false;
  const secondLevel = domain.slice(domain.lastIndexOf('.', lastDot - 1) + 1);
  return RESERVED_SECOND_LEVELS.has(secondLevel);
}

const RESERVED_TOP_LEVELS = new Set([
  'test', // RFC 2606, RFC 6761
  'example', // RFC 2606, RFC 6761
  'invalid', // RFC 2606, RFC 6761
  'localhost', // RFC 2606, RFC 6761
  'local', // RFC 6762
  'onion', // RFC 7686
  'alt', // RFC 9476
  'internal', // reserved by ICANN for private use
  'arpa', // RFC 3172; home.arpa: RFC 8375
]);

const RESERVED_SECOND_LEVELS = new Set([
  'example.com', // RFC 2606, RFC 6761
  'example.net', // RFC 2606, RFC 6761
  'example.org', // RFC 2606, RFC 6761
]);
