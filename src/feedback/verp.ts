// Makes and checks signed return addresses (VERP): a bounce that comes back to one is about mail we sent to that recipient.
//
//     bounce+someone=example.test.k3wd5o2vkq7rzb4a@bounces.example.org
//     prefix  recipient            mac              domain
//
// All of it is lower case and survives hosts that change case; the recipient stays readable for people and old tools.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { MailgateError } from '../errors.ts';

export interface VerpKey {
  /** At least 32 random bytes, from a file or the environment. */
  readonly secret: Uint8Array;
}

export interface VerpRequest {
  /** `local@domain` of the recipient, with the domain in its ASCII form; or an identifier of letters, digits, - and _. */
  readonly recipient: string;
  /** Where bounces are received: an address with the part that stays the same, such as `bounce@bounces.example.org`. */
  readonly returnAddress: string;
}

/** `signed`: made with one of the keys · `forged`: has our form, but no key fits · `foreign`: not of this form at all. */
export type VerpCheck =
  | { readonly status: 'signed'; readonly recipient: string; readonly isAddress: boolean }
  | { readonly status: 'forged' }
  | { readonly status: 'foreign' };

/** RFC 5321 section 4.5.3.1.1: longer local parts are refused by some hosts, and a bounce could not come back. */
const MAX_LOCAL = 64;

/**
 * 16 characters of base32 are 80 bits of the MAC. A longer one would leave no room for the recipient, and each guess
 * costs a message that is received and read.
 */
const MAC_LENGTH = 16;

const MIN_SECRET_BYTES = 32;

/**
 * The return address (MAIL FROM) for one recipient.
 * @throws {MailgateError} of kind 'usage' where key or addresses will not do, or the recipient is too long for it.
 */
export function makeVerp(request: VerpRequest, key: VerpKey): string {
  const { prefix, domain } = splitReturnAddress(request.returnAddress);
  const payload = payloadOf(request.recipient);
  const local = `${prefix}+${payload}.${macOf({ prefix, payload, domain }, key)}`;
  if (local.length > MAX_LOCAL) {
    throw new MailgateError('usage', `${request.recipient.slice(0, 120)} is too long for a signed return address`, {
      hint: `Its local part may have ${MAX_LOCAL} characters; take a shorter prefix, or an identifier of your own instead of the address.`,
    });
  }
  return `${local}@${domain}`;
}

/** Whether an address was made by `makeVerp` with one of these keys, and for whom. Never throws for what it holds. */
export function checkVerp(address: string, keys: readonly VerpKey[]): VerpCheck {
  const match = /^([^+@\s]{1,40})\+([^@\s]{1,400})\.([a-z2-7]{16})@([^@\s]{1,255})$/.exec(address.toLowerCase());
  if (match === null) return { status: 'foreign' };
  const [, prefix = '', payload = '', mac = '', domain = ''] = match;
  const isOurs = keys.some((key) => isEqual(mac, macOf({ prefix, payload, domain }, key)));
  if (!isOurs) return { status: 'forged' };
  const recipient = recipientOf(payload);
  return { status: 'signed', recipient, isAddress: recipient.includes('@') };
}

function splitReturnAddress(address: string): { prefix: string; domain: string } {
  const match = /^([a-z0-9_-]{1,30})\+?@([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})$/.exec(
    address.trim().toLowerCase(),
  );
  if (match !== null) return { prefix: match[1] ?? '', domain: match[2] ?? '' };
  throw new MailgateError('usage', `${JSON.stringify(address.slice(0, 120))} cannot be a return address.`, {
    hint: 'Give an address such as bounce@bounces.example.org, whose mailbox also takes bounce+anything@.',
  });
}

/** `local=domain`, in lower case; what could be changed on the way or mistaken for `=` is written `~hh` (hex, UTF-8). */
function payloadOf(recipient: string): string {
  const text = recipient.trim().toLowerCase();
  const at = text.lastIndexOf('@');
  if (at === -1 && /^[a-z0-9_-]{1,40}$/.test(text)) return text;
  if (at < 1 || at === text.length - 1) {
    throw new MailgateError(
      'usage',
      `${JSON.stringify(recipient.slice(0, 120))} is neither an address nor an identifier.`,
    );
  }
  return `${escaped(text.slice(0, at))}=${escaped(text.slice(at + 1))}`;
}

function escaped(text: string): string {
  return text.replace(/[^a-z0-9._+-]/gu, (character) =>
    [...Buffer.from(character, 'utf8')].map((byte) => `~${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

function recipientOf(payload: string): string {
  const bytes = payload.replace(/~([0-9a-f]{2})/g, (_whole, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const equals = payload.lastIndexOf('=');
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  if (equals === -1) return text;
  const sign = text.lastIndexOf('=');
  return `${text.slice(0, sign)}@${text.slice(sign + 1)}`;
}

function macOf(signed: { prefix: string; payload: string; domain: string }, { secret }: VerpKey): string {
  if (secret.length < MIN_SECRET_BYTES) {
    throw new MailgateError(
      'usage',
      `The key for return addresses has ${secret.length} bytes; it needs at least ${MIN_SECRET_BYTES}.`,
      {
        hint: 'Make one with: head -c 32 /dev/urandom | base64 > verp.key',
      },
    );
  }
  const text = `mailgate verp 1\n${signed.prefix}+${signed.payload}@${signed.domain}`;
  return base32(createHmac('sha256', secret).update(text).digest()).slice(0, MAC_LENGTH);
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 section 6, in lower case: nothing in it changes when a host folds case. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('');
}

function isEqual(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
