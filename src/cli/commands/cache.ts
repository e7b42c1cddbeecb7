// `mailgate cache`: looks into the store and trims it.
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { systemClock } from '../../clock.ts';
import { MailgateError } from '../../errors.ts';
import { parseDuration } from '../durations.ts';
import { plural } from '../number-words.ts';
import { COMMON_OPTIONS } from '../options.ts';
import { addOptions, valueOption } from '../settings.ts';
import { write } from '../terminal.ts';
import { type CommandContext, readSettings } from './context.ts';

const PRUNE_OPTIONS = [
  valueOption({
    name: 'olderThanMs',
    flags: '--older-than <duration>',
    description: 'forget verdicts older than this',
    parse: parseDuration,
    default: null,
    defaultText: 'those too old to be used',
    inFile: false,
  }),
] as const;

export function addCacheCommand(program: Command, context: CommandContext): void {
  const cache = program
    .command('cache')
    .summary('look into and trim the kept verdicts')
    .description('Look into the SQLite file that keeps verdicts, and trim it.')
    .addHelpText('after', '\nExamples:\n  mailgate cache stats\n  mailgate cache show example.com');

  const stats = cache
    .command('stats')
    .description('Count what is kept.')
    .addHelpText('after', '\nExample:\n  mailgate cache stats --json');
  addOptions(stats, COMMON_OPTIONS);
  stats.action(() =>
    withStore(stats, context, async ({ store, settings, print }) => {
      const { showStats } = await import('../cache-view.ts');
      await print(showStats(store.stats(), { path: store.path, json: settings.json }));
    }),
  );

  const show = cache
    .command('show')
    .description('Show the kept verdicts of addresses or of whole domains.')
    .argument('[address-or-domain...]', 'addresses or domains; everything where none is given')
    .addHelpText(
      'after',
      '\nExamples:\n  mailgate cache show someone@example.com\n  mailgate cache show example.com --json',
    );
  addOptions(show, COMMON_OPTIONS);
  show.action((wanted: string[]) =>
    withStore(show, context, async ({ store, settings, print }) => {
      const { verdictsWanted, showVerdict } = await import('../cache-view.ts');
      let shown = 0;
      for (const { key, verdict } of verdictsWanted(store, wanted)) {
        await print(showVerdict(key, verdict, { json: settings.json }));
        shown += 1;
      }
      if (shown === 0) {
        context.invocation.stderr.write('Nothing is kept for that.\n');
        context.exitWith(1);
      }
    }),
  );

  const forget = cache
    .command('forget')
    .description('Forget addresses, or domains with all that is kept of them.')
    .argument('<address-or-domain...>')
    .addHelpText('after', '\nExample:\n  mailgate cache forget someone@example.com example.net');
  addOptions(forget, COMMON_OPTIONS);
  forget.action((wanted: string[]) =>
    withStore(forget, context, async ({ store, settings, print }) => {
      const { targetOf } = await import('../cache-view.ts');
      const forgotten = wanted.reduce((sum, text) => sum + store.forget(targetOf(text)), 0);
      await print(settings.json ? JSON.stringify({ forgotten }) : `Forgot ${plural(forgotten, 'verdict')}.`);
    }),
  );

  const prune = cache
    .command('prune')
    .description('Forget what is too old to be used, and give the space back.')
    .addHelpText('after', '\nExample:\n  mailgate cache prune --older-than 180d');
  addOptions(prune, [...PRUNE_OPTIONS, ...COMMON_OPTIONS]);
  prune.action(() =>
    withStore(prune, context, async ({ store, settings, print }) => {
      const { olderThanMs } = readSettings(prune, PRUNE_OPTIONS, context);
      const { pruneStore } = await import('../cache-view.ts');
      const pruned = pruneStore(store, { olderThanMs, now: systemClock.now() });
      await print(
        settings.json
          ? JSON.stringify(pruned)
          : `Forgot ${plural(pruned.verdicts, 'verdict')}, ${plural(pruned.mail_hosts, 'DNS answer')} and ${plural(pruned.domains, 'domain')}.`,
      );
    }),
  );
}

async function withStore(
  command: Command,
  context: CommandContext,
  use: (given: {
    store: import('../kept-answers.ts').ListStore;
    settings: ReturnType<typeof readSettings<[]>>;
    print: (text: string) => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const settings = readSettings(command, [], context);
  if (!existsSync(settings.db)) {
    throw new MailgateError('store', `nothing is kept yet: there is no file ${settings.db}`, {
      hint: 'It appears with the first "mailgate verify" or "mailgate check"; name another with --db FILE.',
    });
  }
  const { openStore } = await import('../../store/database.ts');
  const store = openStore<import('../../dns/mail-hosts.ts').MailHostsOutcome>({
    path: settings.db,
    clock: systemClock,
  });
  try {
    await use({ store, settings, print: (text) => write(context.invocation.stdout, `${text}\n`) });
  } finally {
    store.close();
  }
}
