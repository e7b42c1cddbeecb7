// `mailgate explain`: says what an SMTP reply means and which rule decided it.
import type { Command } from 'commander';
import { oneOf, someText } from '../durations.ts';
import { COMMON_OPTIONS } from '../options.ts';
import { addOptions, valueOption } from '../settings.ts';
import { coloursFor, write } from '../terminal.ts';
import { type CommandContext, readSettings } from './context.ts';

const REPLY_STAGES = ['connect', 'greeting', 'ehlo', 'tls', 'mail', 'rcpt', 'catchall', 'data'] as const;

const EXPLAIN_OPTIONS = [
  valueOption({
    name: 'stage',
    flags: '--stage <stage>',
    description: 'when the reply came',
    parse: oneOf(REPLY_STAGES, 'stage'),
    default: 'rcpt',
    defaultText: 'rcpt',
    choices: REPLY_STAGES,
    inFile: false,
  }),
  valueOption({
    name: 'provider',
    flags: '--provider <name>',
    description: 'the operator of the mail host, such as google',
    parse: someText,
    default: undefined,
    inFile: false,
  }),
] as const;

const EXAMPLES = `
Examples:
  mailgate explain "550 5.1.1 <x@example.com>: User unknown"
  mailgate explain --stage greeting "554 5.7.1 Your IP is listed"
  cat replies.jsonl | mailgate explain - --json

Standard input holds one reply per line (several lines of one reply joined by a literal \\n), or objects
{"id", "stage", "code", "enhanced", "text"} where the first line is one.`;

export function addExplainCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('explain')
    .summary('say what an SMTP reply means')
    .description('Say what an SMTP reply means, what verdict follows from it, and why.')
    .argument('<reply...>', 'replies, or - for standard input')
    .addHelpText('after', EXAMPLES);
  addOptions(command, [...EXPLAIN_OPTIONS, ...COMMON_OPTIONS]);
  command.action(async (replies: string[]) => {
    const settings = readSettings(command, EXPLAIN_OPTIONS, context);
    const { invocation } = context;
    const [{ explainRecord, explanationLines }, { readRecords }] = await Promise.all([
      import('../explanation.ts'),
      import('../records-in.ts'),
    ]);
    const colours = coloursFor(invocation.stdout, { color: settings.color, env: invocation.env });
    let allRead = true;
    for await (const record of readRecords(replies, invocation.stdin, 'text')) {
      const explained = explainRecord(record, settings);
      allRead = allRead && explained.meaning !== null;
      const isObject = settings.json || record.fields !== null;
      await write(
        invocation.stdout,
        isObject ? `${JSON.stringify(explained)}\n` : `${explanationLines(explained, colours).join('\n')}\n`,
      );
    }
    context.exitWith(allRead ? 0 : 1);
  });
}
