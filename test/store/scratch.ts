// What the tests of this room share: fresh folders, a clock moved by hand, a verdict, and child processes.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Clock } from '../../src/clock.ts';
import type { Verdict } from '../../src/verdict.ts';

export const NOW = 1_750_000_000_000;

/** A fresh folder, removed when the test ends. */
export function scratchFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailgate-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A clock that stands still until `advance` moves it and calls back what has come due. */
export function handClock(): Clock & { advance(ms: number): void; readonly timers: number } {
  let now = NOW;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => now,
    monotonic: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.callback();
    },
    get timers() {
      return timers.size;
    },
  };
}

/** A verdict with evidence in every field; `changes` overrides. */
export function someVerdict(changes: Partial<Verdict> = {}): Verdict {
  return {
    status: 'invalid',
    reason: 'mailbox_not_found',
    stage: 'rcpt',
    reply: { code: 550, enhanced: '5.1.1', text: '5.1.1 <ann@list.test>\nno such user' },
    detail: 'a sentence',
    mx: 'mx1.list.test',
    provider: 'list.test',
    implicitMx: true,
    catchall: 'no',
    attempts: 2,
    checkedAt: NOW,
    source: 'live',
    ...changes,
  };
}

/** Starts `child.ts` with the given arguments. */
export function startChild(args: readonly string[], options: { readonly uid?: number } = {}): ChildProcess {
  const script = join(import.meta.dirname, 'child.ts');
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
}

/** What a child prints until it ends, and its exit code. */
export async function outcomeOf(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}
