// A plain address that still stands in the bytes of a list: it has passed every check, and strings are made of it only
// when somebody asks, because most rows of a list are written again without anybody looking at them.
import { AT_MASK, NOT_PLAIN, scanPlainBytes, UPPER_IN_DOMAIN, UPPER_IN_LOCAL } from './plain-address.ts';
import type { GoodAddress } from './screen.ts';
import type { Repair } from './unwrap.ts';

/**
 * The address that `screenAddress` would find in this text, or null where the text is not plain: that one must then be
 * asked. Good for as long as the bytes stay what they are.
 */
export function addressInBytes(bytes: Buffer, from: number, to: number): AddressInBytes | null {
  const scan = scanPlainBytes(bytes, from, to);
  return scan === NOT_PLAIN ? null : new AddressInBytes(bytes, { from, to, scan });
}

export class AddressInBytes implements GoodAddress {
  readonly bytes: Buffer;
  /** Where the address begins and ends. */
  readonly from: number;
  readonly to: number;
  /** Where the domain begins. */
  readonly domainFrom: number;
  readonly #upper: number;

  constructor(bytes: Buffer, found: { readonly from: number; readonly to: number; readonly scan: number }) {
    this.bytes = bytes;
    this.from = found.from;
    this.to = found.to;
    this.domainFrom = found.from + (found.scan & AT_MASK) + 1;
    this.#upper = found.scan & (UPPER_IN_LOCAL | UPPER_IN_DOMAIN);
  }

  /** True where `address` is what stands in the bytes. */
  get isAsTyped(): boolean {
    return (this.#upper & UPPER_IN_DOMAIN) === 0;
  }

  get valid(): true {
    return true;
  }

  get address(): string {
    return this.isAsTyped ? this.bytes.toString('latin1', this.from, this.to) : `${this.local}@${this.domain}`;
  }

  get local(): string {
    return this.bytes.toString('latin1', this.from, this.domainFrom - 1);
  }

  get domain(): string {
    const typed = this.bytes.toString('latin1', this.domainFrom, this.to);
    return this.isAsTyped ? typed : typed.toLowerCase();
  }

  get key(): string {
    const typed = this.bytes.toString('latin1', this.from, this.to);
    return this.#upper === 0 ? typed : typed.toLowerCase();
  }

  get smtputf8(): boolean {
    return false;
  }

  get quoted(): boolean {
    return false;
  }

  get suspicious(): boolean {
    return false;
  }

  get repairs(): readonly Repair[] {
    return NO_REPAIRS;
  }
}

const NO_REPAIRS: readonly Repair[] = Object.freeze([]);
