// Compares the meanings mailgate finds with the labels of a corpus of real replies, and prints where they part.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meaningOf } from '../../src/smtp/meaning.ts';
import type { ReplyStage } from '../../src/smtp/rule.ts';
import { MEANINGS, type Meaning } from '../../src/verdict.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpora');
export const CORPUS_FILES: readonly string[] = ['replies.jsonl', 'replies-data.jsonl'].map((name) =>
  join(FOLDER, name),
);

/** One labelled reply; `also` lists further meanings that are no error. */
export interface LabelledReply {
  readonly id: string;
  readonly code: number;
  readonly enhanced: string | null;
  readonly text: string;
  readonly stage: ReplyStage;
  readonly meaning: Meaning;
  readonly also?: readonly Meaning[];
}

export interface Share {
  readonly hits: number;
  readonly of: number;
  readonly share: number;
}

export interface Figures {
  /** Refusals of the sender and temporary ones that were called mailbox_not_found or domain_not_accepted. */
  readonly falselyMissing: Share;
  readonly missing: Share;
  readonly fullOrDisabled: Share;
  readonly right: Share;
  /** The figures and the confusion matrix, for people. */
  readonly lines: readonly string[];
}

export function readCorpus(): LabelledReply[] {
  return CORPUS_FILES.flatMap((file) => readFileSync(file, 'utf8').trim().split('\n')).map((line) => JSON.parse(line));
}

export function measureReplies(replies: readonly LabelledReply[]): Figures {
  const answers = replies.map((reply) => ({ reply, ...meaningOf(reply) }));
  const isRight = ({ reply, meaning }: Answer) => meaning === reply.meaning || reply.also?.includes(meaning) === true;
  const isCalledMissing = ({ meaning }: Answer) => meaning === 'mailbox_not_found' || meaning === 'domain_not_accepted';
  const aboutUs = answers.filter(({ reply }) => !SPEAKS_OF_RECIPIENT.has(reply.meaning));
  const missing = answers.filter(({ reply }) => reply.meaning === 'mailbox_not_found');
  const closed = answers.filter(
    ({ reply }) => reply.meaning === 'mailbox_full' || reply.meaning === 'mailbox_disabled',
  );
  const figures = {
    falselyMissing: shareOf(aboutUs, (answer) => isCalledMissing(answer) && !isRight(answer)),
    missing: shareOf(missing, isRight),
    fullOrDisabled: shareOf(closed, isRight),
    right: shareOf(answers, isRight),
  };
  return {
    ...figures,
    lines: [...summary(figures), ...confusion(answers), ...mistakes(answers.filter((a) => !isRight(a)))],
  };
}

type Answer = { readonly reply: LabelledReply } & ReturnType<typeof meaningOf>;

const SPEAKS_OF_RECIPIENT: ReadonlySet<Meaning> = new Set([
  'accepted',
  'mailbox_not_found',
  'mailbox_full',
  'mailbox_disabled',
  'domain_not_accepted',
]);

function shareOf(answers: readonly Answer[], counts: (answer: Answer) => boolean): Share {
  const hits = answers.filter(counts).length;
  return { hits, of: answers.length, share: answers.length === 0 ? 0 : hits / answers.length };
}

function summary(figures: Omit<Figures, 'lines'>): string[] {
  const line = (what: string, { hits, of, share }: Share) =>
    `${what}: ${hits} of ${of} (${(100 * share).toFixed(1)} %)`;
  return [
    line('sender-side and temporary refusals called not_found or not_accepted', figures.falselyMissing),
    line('missing mailboxes recognised', figures.missing),
    line('full and disabled mailboxes recognised', figures.fullOrDisabled),
    line('all replies right', figures.right),
  ];
}

/** Rows are labels, columns what was found; a further meaning that is no error counts as the label. */
function confusion(answers: readonly Answer[]): string[] {
  const counts = new Map<string, number>();
  for (const { reply, meaning } of answers) {
    const key = `${reply.meaning} ${reply.also?.includes(meaning) === true ? reply.meaning : meaning}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const found = MEANINGS.filter((meaning) => answers.some((answer) => answer.meaning === meaning));
  const head = `${'label \\ found'.padEnd(20)}${found.map((meaning) => meaning.slice(0, 11).padStart(12)).join('')}`;
  const rows = MEANINGS.map((label) => {
    const cells = found.map((meaning) => String(counts.get(`${label} ${meaning}`) ?? '.').padStart(12));
    return `${label.padEnd(20)}${cells.join('')}`;
  });
  return [head, ...rows];
}

function mistakes(wrong: readonly Answer[]): string[] {
  return wrong.map(({ reply, meaning, rule }) => `${reply.id}: labelled ${reply.meaning}, found ${meaning} by ${rule}`);
}

if (process.argv[1] === import.meta.filename) for (const line of measureReplies(readCorpus()).lines) console.log(line);
