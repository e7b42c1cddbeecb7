// `mailgate sandbox`: runs the pretend mail world in the foreground until it is interrupted.
import type { Command } from 'commander';
import { wholeNumber } from '../durations.ts';
import { COMMON_OPTIONS } from '../options.ts';
import { addOptions, valueOption } from '../settings.ts';
import { write } from '../terminal.ts';
import { type CommandContext, readSettings } from './context.ts';

const PORT = wholeNumber({ min: 0, max: 65_535 });

const SANDBOX_OPTIONS = [
  valueOption({
    name: 'smtpPort',
    flags: '--smtp-port <n>',
    description: 'the port of all its mail hosts',
    parse: PORT,
    default: 0,
    defaultText: 'a free one',
    inFile: false,
  }),
  valueOption({
    name: 'dnsPort',
    flags: '--dns-port <n>',
    description: 'the port of its DNS server on 127.0.0.1',
    parse: PORT,
    default: 0,
    defaultText: 'a free one',
    inFile: false,
  }),
] as const;

export function addSandboxCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('sandbox')
    .summary('run a pretend mail world for demos and tests')
    .description('Run a pretend mail world on loopback until Ctrl-C, and print how to ask it.')
    .addHelpText('after', '\nExample:\n  mailgate sandbox --smtp-port 2525 --dns-port 5353');
  addOptions(command, [...SANDBOX_OPTIONS, ...COMMON_OPTIONS]);
  command.action(async () => {
    const settings = readSettings(command, SANDBOX_OPTIONS, context);
    const { invocation } = context;
    const [{ startSandbox }, { demoWorld }, { describeWorld }] = await Promise.all([
      import('../../sandbox/sandbox.ts'),
      import('../../sandbox/demo-world.ts'),
      import('../../sandbox/describe-world.ts'),
    ]);
    const world = demoWorld();
    const running = await startSandbox(world, {
      smtpPort: settings.smtpPort,
      dnsPort: settings.dnsPort,
      keepCommands: false,
    });
    try {
      const { dns, smtpPort } = running;
      if (settings.json) await write(invocation.stdout, `${JSON.stringify({ dns, smtp_port: smtpPort })}\n`);
      else await write(invocation.stdout, `${describeWorld(world, running).join('\n')}\n\nCtrl-C ends it.\n`);
      await new Promise<void>((resolve) => {
        if (invocation.interrupted.aborted) resolve();
        invocation.interrupted.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      await running.stop();
    }
  });
}
