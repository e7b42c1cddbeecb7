// `mailgate check`: reads the addresses to examine and shows the evidence of each.
import type { Command } from 'commander';
import { ASK_OPTIONS, COMMON_OPTIONS } from '../options.ts';
import { addOptions } from '../settings.ts';
import { coloursFor, write } from '../terminal.ts';
import { type CommandContext, readSettings } from './context.ts';

const EXAMPLES = `
Examples:
  mailgate check someone@example.com
  mailgate check -v someone@example.com               (with the SMTP dialogue)
  mailgate check a@example.com b@example.com --json
  cat addresses.txt | mailgate check - --json

Standard input holds one address per line, or objects {"address": …, "id": …} where the first line is one.
Exit codes: 0 all valid, 1 at least one is not, 2 to 6 as for verify.`;

const OUT_OF_TIME = 6;

export function addCheckCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('check')
    .summary('check addresses and show the evidence')
    .description('Check addresses one by one and show the evidence of each.')
    .argument('<address...>', 'addresses, or - for standard input')
    .addHelpText('after', EXAMPLES);
  addOptions(command, [...ASK_OPTIONS, ...COMMON_OPTIONS]);
  command.action(async (addresses: string[]) => {
    const settings = readSettings(command, ASK_OPTIONS, context);
    const { invocation } = context;
    const [
      { AddressChecker },
      { evidenceLines, evidenceObject },
      { prepare },
      { openAsking, hintAtIdentity },
      { readRecords },
    ] = await Promise.all([
      import('../check-addresses.ts'),
      import('../evidence.ts'),
      import('../prepare.ts'),
      import('../asking.ts'),
      import('../records-in.ts'),
    ]);
    const prepared = await prepare(settings, invocation);
    const checker = new AddressChecker({ ...prepared.ask, offline: settings.offline }, prepared, () => {
      hintAtIdentity(prepared.ask, prepared.notices);
      return openAsking(prepared.ask, { ...prepared, isUrgent: true });
    });
    const colours = coloursFor(invocation.stdout, { color: settings.color, env: invocation.env });
    const width = invocation.stdout.isTTY === true ? (invocation.stdout.columns ?? 80) : null;
    const look = { colours, verbose: settings.verbose, width };
    let allValid = true;
    let isFirst = true;
    try {
      for await (const { text, id } of readRecords(addresses, invocation.stdin, 'address')) {
        prepared.stopped.throwIfAborted();
        const examined = await checker.check(text);
        allValid = allValid && examined.verdict.status === 'valid';
        if (settings.json) await write(invocation.stdout, `${JSON.stringify(evidenceObject(examined, id))}\n`);
        else await write(invocation.stdout, `${isFirst ? '' : '\n'}${evidenceLines(examined, look).join('\n')}\n`);
        isFirst = false;
      }
    } finally {
      await checker.close();
      await prepared.close();
    }
    if (checker.isOutOfTime) context.exitWith(OUT_OF_TIME);
    else context.exitWith(allValid ? 0 : 1);
  });
}
