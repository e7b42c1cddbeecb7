// Reads the keys of signed return addresses, and says what such an address proves of a bounce.
import { readFileSync } from 'node:fs';
import { MailgateError } from '../errors.ts';
import type { MessageReading } from '../feedback/bounce.ts';
import { addressWithout, type ReportedAddress } from '../feedback/reported-address.ts';
import { checkVerp, type VerpKey } from '../feedback/verp.ts';

/** Far more than any key; a wrong file is then noticed and not read whole into a MAC. */
const MOST_KEY_BYTES = 4096;

/**
 * The key in each file: base64 or hex text of at least 32 bytes, or the bytes themselves.
 * @throws {MailgateError} of kind 'input' where a file cannot be read or is no key.
 */
export function readVerpKeys(paths: readonly string[]): VerpKey[] {
  return paths.map((path) => {
    const content = readKeyFile(path);
    const text = content.toString('latin1').trim();
    const decoded = /^[0-9a-f]{64,}$/i.test(text)
      ? Buffer.from(text, 'hex')
      : /^[A-Za-z0-9+/_=-]{43,}$/.test(text)
        ? Buffer.from(text, 'base64')
        : content;
    if (decoded.length >= 32 && content.length <= MOST_KEY_BYTES) return { secret: decoded };
    throw new MailgateError('input', `${path} is no key for return addresses: it holds ${content.length} bytes`, {
      hint: 'A key has at least 32 random bytes: head -c 32 /dev/urandom | base64 > verp.key',
    });
  });
}

function readKeyFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new MailgateError('input', `The key ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

export interface Proof {
  /** True where the bounce came back to a return address signed with one of our keys. */
  readonly verified: boolean;
  /** Whom or what that address was made for, or null. */
  readonly signedFor: string | null;
}

/** A reading with what its return address adds: the signed recipient is authoritative, also where nothing else is read. */
export function provenReading(
  reading: MessageReading,
  keys: readonly VerpKey[],
): { readonly reading: MessageReading; readonly proof: Proof } {
  const signedFor = keys.length === 0 ? null : signedRecipient(reading.returnAddresses, keys);
  if (signedFor === null) return { reading, proof: { verified: false, signedFor } };
  return { reading: withRecipient(reading, signedFor), proof: { verified: true, signedFor } };
}

function signedRecipient(addresses: readonly string[], keys: readonly VerpKey[]): string | null {
  for (const address of addresses) {
    const check = checkVerp(address, keys);
    if (check.status === 'signed') return check.recipient;
  }
  return null;
}

/** An identifier tells that the bounce is ours, and which one it was; only an address can replace a recipient. */
function withRecipient(reading: MessageReading, signedFor: string): MessageReading {
  if (!signedFor.includes('@')) return reading;
  if (reading.kind === 'unparsed') {
    const recipient: ReportedAddress = {
      ...addressWithout('unrecognised', signedFor),
      strength: 'soft',
      action: 'failed',
    };
    const nothing = { family: 'signed', reportingMta: null, originalMessageId: null, forwarded: false } as const;
    return { ...reading, ...nothing, kind: 'bounce', recipients: [recipient] };
  }
  const [only, ...others] = reading.recipients;
  if (reading.kind !== 'bounce' || only === undefined || others.length > 0) return reading;
  const isSame = only.address.toLowerCase() === signedFor || only.original?.toLowerCase() === signedFor;
  return isSame ? reading : { ...reading, recipients: [{ ...only, original: signedFor }] };
}
