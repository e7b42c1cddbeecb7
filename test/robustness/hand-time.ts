// Runs the engine against a sandbox on one clock that a test moves by hand: sockets are real, only time is not.
import type { Clock } from '../../src/clock.ts';
import type { MailHostsOutcome } from '../../src/dns/mail-hosts.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import type { DnsServer } from '../../src/dns/servers.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { World } from '../../src/sandbox/world.ts';
import type { Verdict } from '../../src/verdict.ts';
import type { RunOptions } from '../../src/verify/run.ts';
import { type Asked, askSandbox } from '../support/ask-world.ts';
import { HandClock } from '../support/hand-clock.ts';
import { quietLoop } from '../support/quiet-loop.ts';

export interface TimedRun {
  readonly clock: HandClock;
  readonly sandbox: Sandbox;
  /** What was decided so far, by address. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** DNS outcomes that were handed over to be kept. */
  readonly keptHosts: ReadonlyMap<string, MailHostsOutcome>;
  readonly finished: Promise<Asked>;
  /** Resolves once the verdicts are as wished for, looked at after each. */
  until(holds: (verdicts: ReadonlyMap<string, Verdict>) => boolean): Promise<void>;
  /** Lets time pass until the run is over; gives how much has passed since its start, in milliseconds. */
  passTime(stepMs: number): Promise<number>;
  /** Closes resolver and world. */
  close(): Promise<void>;
}

/** Starts the world and the run; until time is passed, no deadline, pause or delay of either side is over. */
export async function startInHandTime(
  world: World,
  addresses: readonly string[],
  changes: Omit<Partial<RunOptions>, 'clock'> & {
    readonly dns?: (sandbox: Sandbox) => DnsServer;
    readonly clock?: HandClock;
    /** The run's own idea of the time, where it differs from the world's. */
    readonly ownClock?: Clock;
  } = {},
): Promise<TimedRun> {
  const { dns, clock = new HandClock(), ownClock = clock, ...options } = changes;
  const sandbox = await startSandbox(world, { clock });
  const servers = [dns?.(sandbox) ?? sandbox.dns];
  const resolver = createResolver({ servers, clock: ownClock, limits: { queriesPerSecond: 50_000 } });
  const verdicts = new Map<string, Verdict>();
  const keptHosts = new Map<string, MailHostsOutcome>();
  const startedAt = clock.now();
  let isOver = false;
  let waiters: { holds: (verdicts: ReadonlyMap<string, Verdict>) => boolean; resolve: () => void }[] = [];
  const finished = askSandbox(sandbox, addresses, {
    clock: ownClock,
    record: (job, _domain, verdict) => {
      verdicts.set(addresses[job.id] ?? '', verdict);
      const met = waiters.filter(({ holds }) => holds(verdicts));
      waiters = waiters.filter((waiter) => !met.includes(waiter));
      for (const { resolve } of met) resolve();
    },
    plan: {
      resolver,
      cache: {
        get: (domain) => keptHosts.get(domain) ?? null,
        put: (domain, outcome) => void keptHosts.set(domain, outcome),
      },
      useIpv6: true,
      refresh: false,
      trustNxdomain: true,
      mask: new Set(),
    },
    ...options,
  }).finally(() => {
    isOver = true;
  });
  return {
    clock,
    sandbox,
    verdicts,
    keptHosts,
    finished,
    until: (holds) =>
      holds(verdicts) ? Promise.resolve() : new Promise((resolve) => waiters.push({ holds, resolve })),
    passTime: async (stepMs) => {
      for (;;) {
        // What the last step set off goes over real sockets, and needs a moment that is no time of the run.
        await Promise.race([finished, quietLoop()]);
        if (isOver) return clock.now() - startedAt;
        clock.advance(stepMs);
      }
    },
    close: async () => {
      await resolver.close();
      await sandbox.stop();
    },
  };
}
