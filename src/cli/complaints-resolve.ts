// Settles who complained: by what we signed, by what the report names, or by what our log of sent mail says.
import type { ComplaintReading } from '../feedback/complaint.ts';
import { checkVerp, type VerpKey } from '../feedback/verp.ts';
import type { SentLog } from './complaints-sent-log.ts';

export interface ResolvedComplaint {
  readonly recipients: readonly string[];
  /** Where they were found: a field of the report, `signed` or `sent-log`; null where nobody is known. */
  readonly from: ComplaintReading['recipientFrom'] | 'signed' | 'sent-log';
  /** True where something we signed proves that the complaint is about mail of ours. */
  readonly verified: boolean;
  /** Why nobody is known, or null. */
  readonly why: string | null;
}

export interface ResolveOptions {
  readonly keys: readonly VerpKey[];
  readonly sentLog: SentLog | null;
}

/**
 * What we signed comes first: the fields of a report are a stranger's word. A signed address is the recipient, whatever
 * else is named; a signed identifier proves the complaint, and the log tells whom it stands for.
 */
export function resolveComplaint(reading: ComplaintReading, { keys, sentLog }: ResolveOptions): ResolvedComplaint {
  const signed = signedRecipient(reading.returnAddresses, keys);
  const verified = signed !== null;
  if (signed?.isAddress === true) return { recipients: [signed.recipient], from: 'signed', verified, why: null };
  const bySignedId = signed === null ? null : (sentLog?.recipientOf(signed.recipient) ?? null);
  if (bySignedId !== null && bySignedId !== 'several') {
    return { recipients: [bySignedId], from: 'signed', verified, why: null };
  }
  if (reading.recipients.length > 0) {
    return { recipients: reading.recipients, from: reading.recipientFrom, verified, why: null };
  }
  const logged = reading.messageId === null ? null : (sentLog?.recipientOf(reading.messageId) ?? null);
  if (logged !== null && logged !== 'several') {
    return { recipients: [logged], from: 'sent-log', verified, why: null };
  }
  return { recipients: [], from: null, verified, why: whyUnresolved(reading, { logged, hasLog: sentLog !== null }) };
}

function signedRecipient(
  addresses: readonly string[],
  keys: readonly VerpKey[],
): { readonly recipient: string; readonly isAddress: boolean } | null {
  for (const address of addresses) {
    const check = checkVerp(address, keys);
    if (check.status === 'signed') return check;
  }
  return null;
}

function whyUnresolved(
  { messageId, redacted }: ComplaintReading,
  { logged, hasLog }: { readonly logged: 'several' | null; readonly hasLog: boolean },
): string {
  const hidden = redacted.length > 0 ? 'the report hides who complained' : 'the report does not tell who complained';
  if (logged === 'several') return `${hidden}, and its message went to several`;
  if (messageId === null) return `${hidden}, and not which message`;
  return hasLog
    ? `${hidden}, and the log does not know the message`
    : `${hidden}; --sent-log may know by the Message-ID`;
}
