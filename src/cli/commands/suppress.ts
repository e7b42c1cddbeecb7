// `mailgate suppress`: declares the commands of the "never mail again" store and hands each to its job.
import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { COMMON_OPTIONS } from '../options.ts';
import { addOptions, type OptionSpec, type SettingsOf } from '../settings.ts';
import {
  ADD_OPTIONS,
  CHECK_OPTIONS,
  DELIVERED_OPTIONS,
  EXPORT_OPTIONS,
  FORGET_OPTIONS,
  IMPORT_OPTIONS,
  LIST_OPTIONS,
  REMOVE_OPTIONS,
  VERP_OPTIONS,
} from '../suppress-options.ts';
import type { SuppressSession } from '../suppress-session.ts';
import { type CommandContext, readSettings } from './context.ts';

const SUBJECTS = '<address-or-domain...>';
const ANSWER_WAS_NO = 1;

export function addSuppressCommand(program: Command, context: CommandContext): void {
  const suppress = program
    .command('suppress')
    .summary('keep who is never to be mailed again')
    .description(
      'Keep the addresses and domains that are never to be mailed again, and why. "verify" and "check" obey it; ' +
        '"bounces --suppress" and "complaints --suppress" feed it.',
    );
  addChanging(suppress, context);
  addAsking(suppress, context);
  addExchange(suppress, context);
  addVerp(suppress, context);
}

function addChanging(suppress: Command, context: CommandContext): void {
  define(suppress, context, {
    name: `add ${SUBJECTS}`,
    description: 'Suppress addresses, domains or hashes of addresses; - reads one per line.',
    examples: [
      'mailgate suppress add ann@example.com --note "asked on the phone"',
      'mailgate suppress add example.net --subdomains',
      'mailgate suppress add bob@example.com --reason unsubscribe --scope newsletter',
    ],
    options: ADD_OPTIONS,
    run: async (session, wanted, settings) => {
      const { addEntries } = await import('../suppress-entries.ts');
      return addEntries(session, wanted, settings);
    },
  });
  define(suppress, context, {
    name: `remove ${SUBJECTS}`,
    description: 'Let addresses, domains or hashes be mailed again; the history keeps that they were suppressed.',
    examples: [
      'mailgate suppress remove ann@example.com --note "new mailbox"',
      'mailgate suppress remove bob@example.com --force --note "asked to come back, ticket 1234"',
    ],
    options: REMOVE_OPTIONS,
    run: async (session, wanted, settings) => {
      const { removeEntries } = await import('../suppress-entries.ts');
      return removeEntries(session, wanted, settings);
    },
  });
  define(suppress, context, {
    name: 'forget <address...>',
    description: 'Erase addresses with all that is kept of them; a keyed hash is left, so that they stay suppressed.',
    examples: ['mailgate suppress forget ann@example.com --note "demand of 12 June"'],
    options: FORGET_OPTIONS,
    run: async (session, wanted, settings) => {
      const { forgetAddresses } = await import('../suppress-entries.ts');
      return forgetAddresses(session, wanted, settings);
    },
  });
}

function addAsking(suppress: Command, context: CommandContext): void {
  define(suppress, context, {
    name: 'check [address-or-domain...]',
    description: 'Tell which addresses are suppressed and why, or filter a stream or a list by it.',
    examples: [
      'mailgate suppress check ann@example.com',
      'mailgate suppress check - --keep clean < addresses.txt > rest.txt',
      'mailgate suppress check --list list.csv --keep clean -o rest.csv',
    ],
    notes: 'Exit codes: 0 none is suppressed, 1 at least one is.',
    options: CHECK_OPTIONS,
    run: async (session, wanted, settings) => {
      const { checkSuppressed } = await import('../suppress-check.ts');
      return !(await checkSuppressed(session, wanted, settings));
    },
  });
  define(suppress, context, {
    name: 'list [address-or-domain...]',
    description: 'Show the entries, or with --history everything that happened.',
    examples: [
      'mailgate suppress list --reason complaint',
      'mailgate suppress list ann@example.com --history',
      'mailgate suppress list --json',
    ],
    options: LIST_OPTIONS,
    run: async (session, wanted, settings) => {
      const { listEntries } = await import('../suppress-list.ts');
      return listEntries(session, wanted, settings);
    },
  });
}

function addExchange(suppress: Command, context: CommandContext): void {
  define(suppress, context, {
    name: 'import <file>',
    description:
      'Take over a suppression list: of Amazon SES, SendGrid, Postmark, Mailchimp or listmonk, told by its columns; ' +
      'one written by "export"; or plain addresses, MD5 or SHA-256 hashes.',
    examples: [
      'mailgate suppress import bounces.csv',
      'mailgate suppress import optouts.txt --reason unsubscribe --scope newsletter',
      'mailgate suppress import list.csv --dry-run',
    ],
    options: IMPORT_OPTIONS,
    run: async (session, [input = '-'], settings) => {
      const { importList } = await import('../suppress-import.ts');
      await importList(session, { ...settings, input });
      return true;
    },
  });
  define(suppress, context, {
    name: 'export',
    description: 'Write the entries for another service, or whole in our own form.',
    examples: [
      'mailgate suppress export -o suppressions.csv',
      'mailgate suppress export --format ses -o ses.csv',
      'mailgate suppress export --format sha256 --reason unsubscribe > hashes.txt',
    ],
    options: EXPORT_OPTIONS,
    run: async (session, _wanted, settings) => {
      const { exportEntries } = await import('../suppress-export.ts');
      await exportEntries(session, settings);
      return true;
    },
  });
  define(suppress, context, {
    name: 'delivered <file>',
    description: 'Read a delivery log (CSV): who was reached has no soft bounces any more.',
    examples: ['mailgate suppress delivered deliveries.csv'],
    notes: 'Read the bounces of the same time first: a delivery only clears failures that are known by then.',
    options: DELIVERED_OPTIONS,
    run: async (session, [input = '-'], settings) => {
      const { takeDeliveries } = await import('../suppress-delivered.ts');
      await takeDeliveries(session, { ...settings, input });
      return true;
    },
  });
}

/** Needs no store: only the key. */
function addVerp(suppress: Command, context: CommandContext): void {
  const command = suppress
    .command('verp')
    .description(
      'Make signed return addresses (VERP), by which a bounce proves to be about mail of ours; or check them.',
    )
    .addArgument(new Argument('<action>', 'what to do').choices(['make', 'check']))
    .argument('<address...>', 'recipients to make one for, or return addresses to check; - reads one per line')
    .addHelpText('after', VERP_HELP);
  addOptions(command, [...VERP_OPTIONS, ...COMMON_OPTIONS]);
  command.action(async (action: 'make' | 'check', wanted: string[]) => {
    const settings = readSettings(command, VERP_OPTIONS, context);
    const { invocation } = context;
    const { runVerp } = await import('../suppress-verp.ts');
    const pathOf = (name: string): string => resolve(invocation.cwd, name);
    const allGood = await runVerp(action, wanted, { settings, invocation, pathOf });
    if (!allGood) context.exitWith(ANSWER_WAS_NO);
  });
}

const VERP_HELP = `
Examples:
  head -c 32 /dev/urandom | base64 > verp.key
  mailgate suppress verp make ann@example.com --verp-key verp.key --return-address bounce@bounces.example.org
  mailgate suppress verp check - --verp-key verp.key < return-addresses.txt

The key may also stand in the variable MAILGATE_VERP_SECRET, in base64 or hex; it is never taken from the command line.
Exit codes: 0 all are made, or signed by one of the keys; 1 at least one is not.`;

interface Definition<Specs extends readonly OptionSpec[]> {
  /** The command with its arguments, as commander takes them. */
  readonly name: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly notes?: string;
  readonly options: Specs;
  /** Does the job; false where the answer was no. */
  readonly run: (session: SuppressSession, args: readonly string[], settings: SettingsOf<Specs>) => Promise<boolean>;
}

function define<const Specs extends readonly OptionSpec[]>(
  suppress: Command,
  context: CommandContext,
  { name, description, examples, notes, options, run }: Definition<Specs>,
): void {
  const help = [`${examples.length > 1 ? 'Examples' : 'Example'}:`, ...examples.map((line) => `  ${line}`)];
  const command = suppress
    .command(name)
    .description(description)
    .addHelpText('after', `\n${[...help, ...(notes === undefined ? [] : ['', notes])].join('\n')}`);
  addOptions(command, [...options, ...COMMON_OPTIONS]);
  command.action(async () => {
    const settings = readSettings(command, options, context);
    const { withSuppressions } = await import('../suppress-session.ts');
    const isDone = await withSuppressions(settings, context.invocation, (session) =>
      run(session, command.args, settings),
    );
    if (!isDone) context.exitWith(ANSWER_WAS_NO);
  });
}
