// `mailgate suppress verp`: makes signed return addresses for a mailing, and checks such addresses.
import { MailgateError } from '../errors.ts';
import { checkVerp, makeVerp, type VerpKey } from '../feedback/verp.ts';
import { printable } from '../smtp/printable.ts';
import { readVerpKeys } from './bounces-verp.ts';
import { readRecords } from './records-in.ts';
import { subjectOf } from './suppress-subjects.ts';
import { type Invocation, write } from './terminal.ts';

/** Holds the key itself, in base64 or hex, where no file should: under a service manager that hands secrets in so. */
export const VERP_SECRET_VARIABLE = 'MAILGATE_VERP_SECRET';

export interface VerpSettings {
  readonly verpKeys: readonly string[];
  readonly returnAddress: string | null;
  readonly json: boolean;
}

/** Makes or checks what was named; false where an address cannot be made, or was not made with our keys. */
export async function runVerp(
  action: 'make' | 'check',
  wanted: readonly string[],
  given: {
    readonly settings: VerpSettings;
    readonly invocation: Invocation;
    readonly pathOf: (name: string) => string;
  },
): Promise<boolean> {
  const { settings, invocation, pathOf } = given;
  const keys = verpKeys(settings.verpKeys.map(pathOf), invocation.env);
  const answer = action === 'make' ? maker(keys, settings) : checker(keys);
  let allGood = true;
  for await (const { text, id } of readRecords(wanted, invocation.stdin, 'address')) {
    invocation.interrupted.throwIfAborted();
    const { isGood, line, fields } = answer(text.trim());
    allGood = allGood && isGood;
    const object = { ...(id === undefined ? {} : { id }), input: text, ...fields };
    await write(invocation.stdout, `${settings.json ? JSON.stringify(object) : line}\n`);
  }
  return allGood;
}

interface Answer {
  readonly isGood: boolean;
  readonly line: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** @throws {MailgateError} of kind 'usage' where there is no key at all. */
function verpKeys(paths: readonly string[], env: Invocation['env']): [VerpKey, ...VerpKey[]] {
  const [first, ...others] = [...readVerpKeys(paths), ...secretIn(env[VERP_SECRET_VARIABLE])];
  if (first !== undefined) return [first, ...others];
  throw new MailgateError('usage', 'signing return addresses needs a key', {
    hint: `Make one with "head -c 32 /dev/urandom | base64 > verp.key" and name it with --verp-key, or put it into ${VERP_SECRET_VARIABLE}.`,
  });
}

function secretIn(text: string | undefined): VerpKey[] {
  if (text === undefined || text.trim() === '') return [];
  const isHex = /^[0-9a-f]{64,}$/i.test(text.trim());
  const secret = Buffer.from(text.trim(), isHex ? 'hex' : 'base64');
  if (secret.length >= 32) return [{ secret }];
  // The value itself is a secret and is not shown.
  throw new MailgateError('usage', `${VERP_SECRET_VARIABLE} holds no key of at least 32 bytes in base64 or hex`);
}

/** The first key signs; those behind it are from before and only check. */
function maker([key]: readonly [VerpKey, ...VerpKey[]], { returnAddress }: VerpSettings): (text: string) => Answer {
  if (returnAddress === null) {
    throw new MailgateError('usage', '"verp make" needs --return-address', {
      hint: 'Such as --return-address bounce@bounces.example.org, whose mailbox also takes bounce+anything@.',
    });
  }
  return (text) => {
    const subject = subjectOf(text);
    const recipient = subject.status === 'good' && subject.key.type === 'email' ? subject.key.value : text;
    const address = makeVerp({ recipient, returnAddress }, key);
    return { isGood: true, line: address, fields: { address } };
  };
}

function checker(keys: readonly VerpKey[]): (text: string) => Answer {
  return (text) => {
    const check = checkVerp(text, keys);
    const recipient = check.status === 'signed' ? check.recipient : null;
    const line = `${check.status.padEnd(7)}  ${printable(recipient ?? text, 320)}`;
    return { isGood: check.status === 'signed', line, fields: { status: check.status, recipient } };
  };
}
