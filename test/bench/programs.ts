// Runs other programs for the benchmarks: how long they take, how much memory and CPU, and that none is left behind.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** The real program, as users start it. */
export const MAILGATE = join(ROOT, 'bin', 'mailgate.js');

export interface ProgramRun {
  readonly seconds: number;
  /** User and system time together. */
  readonly cpuSeconds: number;
  /** The largest resident set, in MB (10^6 bytes). */
  readonly peakMb: number;
}

export interface ProgramOptions {
  readonly cwd: string;
  /** The file standard output goes to; nowhere if not given. */
  readonly stdoutFile?: string;
  /** Told of the resident set from time to time, in MB (10^6 bytes). */
  readonly onMemory?: (at: { readonly ms: number; readonly rssMb: number }) => void;
}

/** Runs a program to its end. @throws Error with its last words where it fails. */
export async function runProgram(command: readonly string[], options: ProgramOptions): Promise<ProgramRun> {
  const [file, ...args] = command;
  const stdout = options.stdoutFile === undefined ? null : openSync(options.stdoutFile, 'w');
  const startedAt = performance.now();
  const child = spawn(file ?? '', args, {
    cwd: options.cwd,
    env: { ...process.env, HOME: options.cwd, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', stdout ?? 'ignore', 'pipe'],
  });
  if (stdout !== null) closeSync(stdout);
  const watch = watchProcess(child, options.onMemory);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const seconds = (performance.now() - startedAt) / 1000;
  const used = watch.stop();
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`);
  return { seconds, ...used };
}

/** Ends a server a benchmark has started. */
export async function stopProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** The first of the programs that can be run, or null. */
export function findProgram(...candidates: readonly string[]): string | null {
  return candidates.find((candidate) => spawnSync(candidate, ['--version']).error === undefined) ?? null;
}

/** The Python itself, past the wrapper scripts of version managers, which would be measured with it. */
export function findPython(): string | null {
  const found = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : null;
}

/** The version a program gives of itself, in one word. */
export function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? 'of unknown version';
}

/** Every so often the process is looked at; what it used after the last look is lost. */
const LOOK_EVERY_MS = 10;
const LOOK_SELDOM_MS = 200;

/** proc(5): VmHWM is the peak resident set, which only grows, so that no peak between two looks is missed. */
function watchProcess(
  child: ChildProcess,
  onMemory?: ProgramOptions['onMemory'],
): { stop(): { peakMb: number; cpuSeconds: number } } {
  let peakMb = 0;
  let cpuSeconds = 0;
  const look = (): void => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakMb = Math.max(peakMb, (Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / 1e6);
      const rssMb = (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / 1e6;
      if (rssMb > 0) onMemory?.({ ms: Date.now(), rssMb });
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      cpuSeconds = (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
    } catch {
      // It has ended, or this system has no /proc: the figures stay as they are.
    }
  };
  // Looking costs time of its own, which a run of minutes need not spend a hundred times a second.
  const timer = setInterval(look, onMemory === undefined ? LOOK_EVERY_MS : LOOK_SELDOM_MS);
  return {
    stop() {
      clearInterval(timer);
      return { peakMb, cpuSeconds };
    },
  };
}

/** sysconf(_SC_CLK_TCK), which is 100 on every Linux of our days. */
const CLOCK_TICKS = 100;
