// `mailgate verify`: declares its options and hands the list over.
import type { Command } from 'commander';
import { ASK_OPTIONS, COMMON_OPTIONS, LIST_OPTIONS } from '../options.ts';
import { addOptions } from '../settings.ts';
import { type CommandContext, readSettings } from './context.ts';

const EXAMPLES = `
Examples:
  mailgate verify list.csv -o clean.csv
  mailgate verify list.csv -o clean.csv --helo mail.example.org --from postmaster@example.org
  mailgate verify list.csv -o good.csv --keep valid,catchall --duplicates drop
  cat list.csv | mailgate verify - --column email > clean.csv
  mailgate verify list.csv -o clean.csv --quiet --summary run.json --time-limit 6h   (from cron)

Exit codes: 0 done, 1 a --fail-on status was found, 2 wrong usage, 3 input or output, 4 network (port 25 blocked, no
resolver), 5 store, 6 stopped at the time limit, 130 and 143 interrupted (run again to go on).`;

export function addVerifyCommand(program: Command, context: CommandContext): void {
  const specs = [...LIST_OPTIONS, ...ASK_OPTIONS] as const;
  const command = program
    .command('verify')
    .summary('clean a list')
    .description('Clean a list: the same CSV comes out with a verdict, its reason and its evidence in every row.')
    .argument('<list>', 'a CSV file, or - for standard input')
    .addHelpText('after', EXAMPLES);
  addOptions(command, [...specs, ...COMMON_OPTIONS]);
  command.action(async (input: string) => {
    const settings = { input, ...readSettings(command, specs, context) };
    const { verifyList } = await import('../verify-list.ts');
    context.exitWith(await verifyList(settings, context.invocation));
  });
}
