// `mailgate bounces`: reads what came back after sending and says which addresses failed, why, and how much that weighs.
import type { Command } from 'commander';
import { BOUNCES_OPTIONS } from '../bounces-options.ts';
import { COMMON_OPTIONS } from '../options.ts';
import { addOptions } from '../settings.ts';
import { type CommandContext, readSettings } from './context.ts';

const EXAMPLES = `
Examples:
  mailgate bounces Maildir/
  mailgate bounces bounces.mbox --json
  mailgate bounces Maildir/ --dry-run                (what would be suppressed)
  mailgate bounces Maildir/ --suppress --move-to done/
  cat message.eml | mailgate bounces -

Paths are messages, folders of messages, Maildirs or mboxes; - is standard input. Nothing is changed unless asked for.
hard: suppress at once · suspect: at the second · soft: counted · none: not about the address.
Exit codes: 0 done, 3 something named could not be read.`;

export function addBouncesCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('bounces')
    .summary('read bounces, and suppress what they tell')
    .description('Read bounces and say which addresses failed, why, and how much that weighs.')
    .argument('<path...>', 'messages, folders, Maildirs, mboxes, or - for standard input')
    .addHelpText('after', EXAMPLES);
  addOptions(command, [...BOUNCES_OPTIONS, ...COMMON_OPTIONS]);
  command.action(async (paths: string[]) => {
    const settings = readSettings(command, BOUNCES_OPTIONS, context);
    const { bouncesSession } = await import('../bounces-session.ts');
    context.exitWith(await bouncesSession(paths, settings, context.invocation));
  });
}
