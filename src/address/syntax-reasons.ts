// The reasons why a text is no address, each with its sentence; finding which of them holds is left to the checks.

/** One sentence per reason; `what` names the character at fault where the check pointed at one. */
const SENTENCES = {
  empty: () => 'The cell is empty.',
  placeholder: () => 'The cell holds a placeholder instead of an address.',
  multiple_addresses: () => 'The cell holds several addresses; give each its own row.',
  no_at: () => 'The address has no @.',
  several_at: () => 'The address has more than one @.',
  empty_local: () => 'There is nothing before the @.',
  empty_domain: () => 'There is nothing after the @.',
  control_character: (what) => `The address holds the control character ${what}.`,
  malformed_text: (what) => `The text was damaged before it came here (${what}).`,
  space_inside: () => 'There is a space inside the address.',
  leading_dot: () => 'The part before the @ begins with a dot.',
  trailing_dot: () => 'The part before the @ ends with a dot.',
  double_dot: () => 'The part before the @ has two dots in a row.',
  illegal_character: (what) => `The character ${what} is not allowed here.`,
  unbalanced_quote: () => 'The quotes do not enclose the whole part before the @.',
  comment: () => 'Comments in parentheses belong to message headers, not to an address.',
  local_too_long: () => 'The part before the @ is longer than 64 octets.', // RFC 5321 section 4.5.3.1.1
  domain_too_long: () => 'The domain is longer than 253 characters.', // RFC 1035 section 2.3.4
  address_too_long: () => 'The address is longer than 254 octets.', // RFC 5321 section 4.5.3.1.3, erratum 1690 to RFC 3696
  ip_literal: () => 'An IP address in brackets stands where a domain should.',
  bare_ip: () => 'An IP address stands where a domain should.',
  label_too_long: () => 'A part of the domain between two dots is longer than 63 characters.', // RFC 1035 section 2.3.4
  empty_label: () => 'The domain has a dot with nothing before or behind it.',
  edge_hyphen: () => 'A part of the domain begins or ends with a hyphen.',
  underscore: () => 'The domain holds an underscore.',
  bad_label: () => 'A part of the domain cannot be a registered name.', // RFC 5890 section 2.3.1
  bad_idn: () => 'The domain is no valid internationalised name.', // RFC 5891, UTS #46
  fake_a_label: () => 'A part of the domain begins with xn-- but encodes no name.', // RFC 5890 section 2.3.2.1
  single_label: () => 'The domain has no dot.', // RFC 5321 section 2.3.5
  numeric_tld: () => 'The domain ends in a number instead of a top-level domain.', // RFC 3696 section 2
} as const satisfies Record<string, (what: string) => string>;

export type SyntaxReason = keyof typeof SENTENCES;

export const SYNTAX_REASONS = Object.keys(SENTENCES) as readonly SyntaxReason[];

/** Why a text is no address, and the index of the character at fault within the text that was checked. */
export interface Fault {
  readonly status: 'fault';
  readonly reason: SyntaxReason;
  readonly position: number | null;
}

export function fault(reason: SyntaxReason, position: number | null): Fault {
  return { status: 'fault', reason, position };
}

/** The sentence for a reason; `what` is the name of the character at fault. */
export function sentenceFor(reason: SyntaxReason, what: string): string {
  return SENTENCES[reason](what);
}
