// Counts what comes out of archives and says stop: a few bytes may unpack to gigabytes, and headers lie about sizes.

export interface UnpackLimits {
  /** Bytes of one archive as it arrives. */
  readonly mostCompressedBytes: number;
  /** Bytes that may come out of one archive, all members and layers together. */
  readonly mostUnpackedBytes: number;
  /** How many bytes may come out for each that went in, once more than `ratioFromBytes` came out. */
  readonly mostRatio: number;
  readonly ratioFromBytes: number;
  readonly mostMembers: number;
  /** Archives within archives, the outermost included. */
  readonly mostLayers: number;
}

/** Reports are some kilobytes; a large provider's may unpack to tens of megabytes at a ratio of 10 to 40. */
export const UNPACK_LIMITS: UnpackLimits = {
  mostCompressedBytes: 10_000_000,
  mostUnpackedBytes: 100_000_000,
  mostRatio: 200,
  ratioFromBytes: 1_000_000,
  mostMembers: 20,
  mostLayers: 3,
};

/** Why unpacking ended early. The first four are limits, the others faults of the archive. */
export type UnpackStop =
  | 'compressed_too_large'
  | 'unpacked_too_large'
  | 'ratio_too_high'
  | 'too_many_members'
  | 'too_many_layers'
  | 'encrypted'
  | 'unsupported'
  | 'corrupt';

export interface Stop {
  readonly reason: UnpackStop;
  readonly detail: string;
}

/** The account of one outermost archive: whatever its layers and members do, they draw on the same limits. */
export class UnpackBudget {
  readonly limits: UnpackLimits;
  #inBytes = 0;
  #outBytes = 0;
  #members = 0;

  constructor(limits: UnpackLimits) {
    this.limits = limits;
  }

  /** Counts bytes of the outermost archive. */
  takeIn(bytes: number): Stop | null {
    this.#inBytes += bytes;
    const { mostCompressedBytes } = this.limits;
    if (this.#inBytes <= mostCompressedBytes) return null;
    return { reason: 'compressed_too_large', detail: `more than ${mostCompressedBytes} bytes` };
  }

  /** Counts bytes that came out of any layer. */
  takeOut(bytes: number): Stop | null {
    this.#outBytes += bytes;
    const { mostUnpackedBytes, mostRatio, ratioFromBytes } = this.limits;
    if (this.#outBytes > mostUnpackedBytes) {
      return { reason: 'unpacked_too_large', detail: `unpacks to more than ${mostUnpackedBytes} bytes` };
    }
    if (this.#outBytes > ratioFromBytes && this.#outBytes > mostRatio * this.#inBytes) {
      return { reason: 'ratio_too_high', detail: `${this.#outBytes} bytes out of ${this.#inBytes}` };
    }
    return null;
  }

  takeMember(): Stop | null {
    this.#members += 1;
    const { mostMembers } = this.limits;
    return this.#members <= mostMembers
      ? null
      : { reason: 'too_many_members', detail: `more than ${mostMembers} members` };
  }
}
