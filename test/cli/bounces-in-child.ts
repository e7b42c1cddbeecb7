// Runs `mailgate bounces` in a process of its own, for the test that kills it.
import { Command } from 'commander';
import { addBouncesCommand } from '../../src/cli/commands/bounces.ts';

const program = new Command('mailgate');
addBouncesCommand(program, {
  invocation: {
    args: process.argv.slice(2),
    env: {},
    cwd: process.cwd(),
    home: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    interrupted: new AbortController().signal,
  },
  exitWith: (code) => {
    process.exitCode = code;
  },
});
await program.parseAsync(process.argv.slice(2), { from: 'user' });
