// Compares what is read of labelled complaints with their labels, and prints where they part.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ComplaintReading, readComplaint } from '../../src/feedback/complaint.ts';
import { readMime } from '../../src/feedback/mime.ts';

export const FBL_FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpora', 'fbl');

interface Label {
  readonly file: string;
  readonly recipients: readonly { readonly address: string }[];
  readonly uncertain?: boolean;
  readonly [field: string]: unknown;
}

export interface FblFigures {
  readonly complaints: number;
  readonly right: number;
  readonly lines: readonly string[];
}

export function hasFblCorpus(): boolean {
  return existsSync(join(FBL_FOLDER, 'expected.jsonl'));
}

/** Reads every labelled message; a complaint is right when all its labelled fields are. */
export function measureFbl(): FblFigures {
  const labels: Label[] = readFileSync(join(FBL_FOLDER, 'expected.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const wrong = labels.flatMap((label) => {
    const found = readComplaint(readMime(readFileSync(join(FBL_FOLDER, label.file))));
    const differences = found === null ? ['no complaint found'] : differencesOf(label, found);
    return differences.length === 0 ? [] : [`  ${label.file}: ${differences.join('; ')}`];
  });
  const right = labels.length - wrong.length;
  return {
    complaints: labels.length,
    right,
    lines: [`Complaints: ${right} of ${labels.length} right in every labelled field`, ...wrong],
  };
}

function differencesOf(label: Label, found: ComplaintReading): string[] {
  const fields: Readonly<Record<string, unknown>> = {
    feedback_type: found.feedbackType,
    recipients: sorted(found.recipients),
    recipient_from: found.recipientFrom ?? undefined,
    unresolved: found.recipients.length === 0 ? true : undefined,
    source_ip: found.sourceIp ?? undefined,
    user_agent: found.userAgent ?? undefined,
    original_mail_from: found.originalMailFrom ?? undefined,
    reported_domains: found.reportedDomains.length === 0 ? undefined : found.reportedDomains,
    message_id: found.messageId ?? undefined,
  };
  const expected: Readonly<Record<string, unknown>> = {
    ...label,
    recipients: sorted(label.recipients.map((r) => r.address)),
  };
  const unsure = label.uncertain === true ? ['recipients', 'recipient_from', 'unresolved'] : [];
  return Object.keys(fields)
    .filter((name) => !unsure.includes(name) && JSON.stringify(fields[name]) !== JSON.stringify(expected[name]))
    .map((name) => `${name} is ${JSON.stringify(fields[name])}, labelled ${JSON.stringify(expected[name])}`);
}

function sorted(addresses: readonly string[]): string[] {
  return addresses.map((address) => address.toLowerCase()).sort();
}

if (process.argv[1] === import.meta.filename) {
  const lines = hasFblCorpus() ? measureFbl().lines : ['The corpus of complaints is not here: skipped.'];
  console.log(lines.join('\n'));
}
