// `mailgate completion`: prints a completion script for a shell.
import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion.ts';
import { write } from '../terminal.ts';
import type { CommandContext } from './context.ts';

export function addCompletionCommand(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .summary('print a completion script for your shell')
    .description('Print a completion script for bash, zsh or fish.')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      '\nExamples:\n  mailgate completion bash > ~/.local/share/bash-completion/completions/mailgate\n  mailgate completion fish > ~/.config/fish/completions/mailgate.fish',
    )
    .action(async (shell: Shell) => {
      await write(context.invocation.stdout, completionScript(shell, program));
    });
}
