// Runs one invocation: reads the command line, runs the command, and is the only place that prints errors and sets exit codes.
import { homedir } from 'node:os';
import { Command, CommanderError } from 'commander';
import { EXIT_CODES, MailgateError } from '../errors.ts';
import { errorCode, outputError } from '../list/output-errors.ts';
import { addCommands } from './commands/all.ts';
import { Interruption, Interrupts } from './interrupts.ts';
import { nearest } from './nearest.ts';
import { coloursFor, type Invocation, type Output, plainLines } from './terminal.ts';
import { packageVersion } from './version.ts';

const BUG = 70;
/** A reader that closes the pipe early (`| head`) has what it wanted, so that is no error. */
const INTERRUPTED: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, EPIPE: 0 };
const READER_LEFT: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);
const ISSUES_PAGE = 'https://github.com/mailgate/mailgate/issues';

/** Runs mailgate for this process: its arguments, streams, signals and exit code. */
export async function runAsProcess(): Promise<void> {
  const interrupts = new Interrupts(process);
  process.stdout.on('error', (error) => {
    const hasLeft = READER_LEFT.has(errorCode(error));
    interrupts.abort(hasLeft ? new Interruption('EPIPE') : outputError('standard output', error));
  });
  process.stderr.on('error', () => {}); // nobody listens to what is said; the work goes on
  process.stdin.on('error', () => {}); // told to whoever reads it
  // Whoever waits for input would not notice the signal before the next line comes.
  interrupts.signal.addEventListener('abort', () => process.stdin.destroy(interrupts.signal.reason as Error));
  process.exitCode = await main({
    args: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    interrupted: interrupts.signal,
  });
  interrupts.dispose();
}

/** Runs one invocation and resolves to its exit code (README, "Exit codes"). Never rejects. */
export async function main(invocation: Invocation): Promise<number> {
  let code = 0;
  const program = new Command('mailgate');
  try {
    const version = packageVersion();
    addCommands(program, {
      invocation,
      exitWith: (wanted) => {
        code = wanted;
      },
    });
    configure(program, invocation, version);
    refuseHelpOnNothing(program, invocation.args);
    await program.parseAsync([...invocation.args], { from: 'user' });
    await throwIfOutputIsLost(invocation);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
    if (error instanceof Interruption) return INTERRUPTED[error.cause] ?? 130;
    return reportError(error, invocation);
  }
}

/** What was printed last may have failed after the command had ended. */
async function throwIfOutputIsLost({ stdout, interrupted }: Invocation): Promise<void> {
  if (!stdout.destroyed) await new Promise<void>((resolve) => stdout.write('', () => resolve()));
  if (interrupted.reason instanceof MailgateError) throw interrupted.reason;
}

function configure(program: Command, invocation: Invocation, version: string): void {
  program
    .description('Clean e-mail lists by asking the mail servers themselves, without sending a mail.')
    .version(version, '-V, --version', 'print the version')
    .showSuggestionAfterError(true)
    .showHelpAfterError(false)
    .addHelpText(
      'after',
      '\nExamples:\n  mailgate verify list.csv -o clean.csv\n  mailgate check someone@example.com\n  mailgate verify fixtures/legacy-list.csv --sandbox -o clean.csv',
    );
  for (const command of [program, ...program.commands, ...program.commands.flatMap((each) => each.commands)]) {
    command.exitOverride().helpOption('-h, --help', 'show help');
    if (command.commands.length > 0) command.helpCommand('help [command]', 'show help for a command');
    command.configureOutput({
      writeOut: (text) => invocation.stdout.write(text),
      writeErr: (text) => invocation.stderr.write(text),
      outputError: (text, write) => write(usageError(text, command)),
      getOutHelpWidth: () => invocation.stdout.columns ?? 100,
      getErrHelpWidth: () => invocation.stderr.columns ?? 100,
    });
  }
}

/** Commander answers `help verfy` with the general help, as though nothing had been asked. */
function refuseHelpOnNothing(program: Command, [first, wanted]: readonly string[]): void {
  if (first !== 'help' || wanted === undefined || wanted.startsWith('-')) return;
  const names = program.commands.map((command) => command.name());
  if (wanted === 'help' || names.includes(wanted)) return;
  const near = nearest(wanted, names);
  throw new MailgateError('usage', `there is no command ${JSON.stringify(wanted.slice(0, 60))}`, {
    hint: near === null ? 'See "mailgate --help".' : `Did you mean ${near}?`,
  });
}

/** Commander's own message, with the way on. */
function usageError(text: string, command: Command): string {
  const sentence = plainLines(text.trim().replace(/^error: /, ''));
  const name = [command.parent?.parent?.name(), command.parent?.name(), command.name()].filter(Boolean).join(' ');
  const unknown = /unknown option '(--?[^'=]+)/.exec(sentence);
  const options = command.options
    .flatMap((option) => [option.long, option.negate ? option.long?.replace('--no-', '--') : null])
    .filter((long) => typeof long === 'string');
  const near = unknown === null || sentence.includes('Did you mean') ? null : nearest(unknown[1] ?? '', options);
  return `mailgate: ${sentence}${near === null ? '' : ` (did you mean ${near}?)`}\n  See "${name} --help".\n`;
}

function reportError(error: unknown, invocation: Invocation): number {
  const red = coloursFor(invocation.stderr, {
    color: !invocation.args.includes('--no-color'),
    env: invocation.env,
  }).red;
  const say = (stream: Output, text: string): void => void stream.write(`${text}\n`);
  if (error instanceof MailgateError) {
    say(invocation.stderr, `${red('mailgate:')} ${plainLines(error.message)}`);
    if (error.hint !== null) say(invocation.stderr, `  ${plainLines(error.hint)}`);
    return EXIT_CODES[error.kind];
  }
  say(
    invocation.stderr,
    `${red('mailgate has met a bug of its own.')} Please report it at ${ISSUES_PAGE} with what follows:`,
  );
  say(invocation.stderr, `mailgate ${packageVersion()}, Node ${process.version}, ${process.platform} ${process.arch}`);
  say(invocation.stderr, error instanceof Error ? (error.stack ?? error.message) : String(error));
  return BUG;
}
