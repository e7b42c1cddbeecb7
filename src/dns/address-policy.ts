// Which IP addresses may be dialled: a list of strangers' domains must not make mailgate scan the operator's own network.
import { isIPv4, isIPv6 } from 'node:net';

/**
 * `public`: a mail host may live there. `private`: reachable for some (a company's own network, split-horizon DNS),
 * so it proves nothing against the domain. `never`: no mail host can be reached there from anywhere.
 */
export type AddressClass = 'public' | 'private' | 'never';

interface Range {
  /** First address of the range, as bytes. */
  readonly prefix: readonly number[];
  readonly bits: number;
  readonly class: AddressClass;
  /** Dialled with --allow-private: pretend worlds live on loopback, split-horizon hosts on private addresses. */
  readonly onRequest: boolean;
}

/** First match wins. Rows of the IANA IPv4 Special-Purpose Address Registry, as known on 2026-11-21. */
const IPV4_RANGES: readonly Range[] = [
  ipv4('10.0.0.0', 8, 'private', true), // RFC 1918
  ipv4('172.16.0.0', 12, 'private', true), // RFC 1918
  ipv4('192.168.0.0', 16, 'private', true), // RFC 1918
  ipv4('100.64.0.0', 10, 'private', true), // RFC 6598, carrier-grade NAT
  ipv4('127.0.0.0', 8, 'never', true), // RFC 1122, loopback
  ipv4('0.0.0.0', 8, 'never', false), // RFC 1122, "this network"; also what filtering resolvers answer
  ipv4('169.254.0.0', 16, 'never', false), // RFC 3927, link-local; cloud machines keep their secrets at 169.254.169.254
  ipv4('192.0.2.0', 24, 'never', false), // RFC 5737, documentation
  ipv4('198.51.100.0', 24, 'never', false), // RFC 5737, documentation
  ipv4('203.0.113.0', 24, 'never', false), // RFC 5737, documentation
  ipv4('224.0.0.0', 4, 'never', false), // RFC 5771, multicast
  ipv4('255.255.255.255', 32, 'never', false), // RFC 919, broadcast
  // Not dialled, but no proof against the domain either: these come from the user's own network or software.
  ipv4('192.0.0.0', 24, 'private', false), // RFC 6890, protocol assignments such as DS-Lite
  ipv4('192.88.99.0', 24, 'private', false), // RFC 7526, the old 6to4 relay
  ipv4('198.18.0.0', 15, 'private', false), // RFC 2544, benchmarks; transparent proxies answer every name with these
  ipv4('240.0.0.0', 4, 'private', false), // RFC 1112, reserved; used inside some large networks
];

/** First match wins. Rows of the IANA IPv6 registry, as above; ranges with an IPv4 address inside stand apart. */
const IPV6_RANGES: readonly Range[] = [
  ipv6([], 128, 'never', false), // ::, unspecified, RFC 4291
  ipv6([0, 0, 0, 0, 0, 0, 0, 1], 128, 'never', true), // ::1, loopback, RFC 4291
  ipv6([0xfe80], 10, 'never', false), // link-local, RFC 4291
  ipv6([0xff00], 8, 'never', false), // multicast, RFC 4291
  ipv6([0x2001, 0x0db8], 32, 'never', false), // documentation, RFC 3849
  ipv6([0x3fff], 20, 'never', false), // documentation, RFC 9637
  ipv6([0xfc00], 7, 'private', true), // unique local, RFC 4193
  ipv6([0xfec0], 10, 'private', false), // site-local, deprecated by RFC 3879
  ipv6([0x2001, 0], 32, 'private', false), // Teredo, RFC 4380: dials whoever its author names
  ipv6([0x2000], 3, 'public', false), // all of today's global unicast, RFC 4291 section 2.4
];

/** Ranges judged by the IPv4 address they carry, which starts at byte `at`. */
const EMBEDDED_IPV4 = [
  { ...ipv6([0, 0, 0, 0, 0, 0xffff], 96, 'public', false), at: 12 }, // IPv4-mapped, RFC 4291 section 2.5.5.2
  { ...ipv6([0x64, 0xff9b], 96, 'public', false), at: 12 }, // NAT64, RFC 6052
  { ...ipv6([0x2002], 16, 'public', false), at: 2 }, // 6to4, RFC 3056
];

/** Any text that is no plain IP address (a name, an address with a zone) is `never`. */
export function classifyAddress(ip: string): AddressClass {
  return rangeOf(ip)?.class ?? 'never';
}

/** True for an IPv4 or IPv6 address in its text form, without a zone. */
export function isIpAddress(text: string): boolean {
  return rangeOf(text) !== null;
}

/**
 * To be asked of the very address about to be dialled, not of the name: a second look-up could differ.
 * `allowPrivate` admits private and loopback addresses, still not documentation, multicast, link-local and the like.
 */
export function mayDial(ip: string, { allowPrivate }: { readonly allowPrivate: boolean }): boolean {
  const range = rangeOf(ip);
  return range !== null && (range.class === 'public' || (allowPrivate && range.onRequest));
}

const PUBLIC: Pick<Range, 'class' | 'onRequest'> = { class: 'public', onRequest: false };
/** Outside global unicast nothing is assigned to mail hosts; not dialled, and no proof either. */
const UNASSIGNED: Pick<Range, 'class' | 'onRequest'> = { class: 'private', onRequest: false };

function rangeOf(ip: string): Pick<Range, 'class' | 'onRequest'> | null {
  if (isIPv4(ip)) return rangeOfIpv4(ipv4Bytes(ip));
  if (!isIPv6(ip) || ip.includes('%')) return null;
  const bytes = ipv6Bytes(ip);
  const embedded = EMBEDDED_IPV4.find((range) => contains(range, bytes));
  if (embedded !== undefined) return rangeOfIpv4(bytes.slice(embedded.at, embedded.at + 4));
  return IPV6_RANGES.find((range) => contains(range, bytes)) ?? UNASSIGNED;
}

function rangeOfIpv4(bytes: readonly number[]): Pick<Range, 'class' | 'onRequest'> {
  return IPV4_RANGES.find((range) => contains(range, bytes)) ?? PUBLIC;
}

function contains({ prefix, bits }: Range, bytes: readonly number[]): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i += 1) if (bytes[i] !== prefix[i]) return false;
  const mask = (0xff00 >> (bits & 7)) & 0xff;
  return ((bytes[whole] ?? 0) & mask) === ((prefix[whole] ?? 0) & mask);
}

function ipv4Bytes(ip: string): readonly number[] {
  return ip.split('.').map(Number);
}

/** Expects what `isIPv6` accepted: eight groups, at most one `::`, perhaps dotted IPv4 at the end. */
function ipv6Bytes(ip: string): readonly number[] {
  const [head = '', tail] = ip.split('::');
  const front = groupBytes(head);
  const back = tail === undefined ? [] : groupBytes(tail);
  return [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back];
}

function groupBytes(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return ipv4Bytes(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function ipv4(first: string, bits: number, addressClass: AddressClass, onRequest: boolean): Range {
  return { prefix: ipv4Bytes(first), bits, class: addressClass, onRequest };
}

function ipv6(groups: readonly number[], bits: number, addressClass: AddressClass, onRequest: boolean): Range {
  const padded = [...groups, ...new Array<number>(8 - groups.length).fill(0)];
  return {
    prefix: padded.flatMap((group) => [group >> 8, group & 0xff]),
    bits,
    class: addressClass,
    onRequest,
  };
}
