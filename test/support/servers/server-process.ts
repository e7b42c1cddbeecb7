// Starts one server program as a child that dies with its test, and stops it so that nothing of it is left.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { PROGRAMS } from './programs.ts';
import type { WorkFolder } from './work-folder.ts';

export interface ServerProcessOptions {
  /** For messages: `postfix`, `unbound` … */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its configuration and data, removed when it has stopped. */
  readonly folder: WorkFolder;
  readonly environment?: Readonly<Record<string, string>>;
  /** The account to run as; root where it is left out. */
  readonly user?: string;
  /**
   * Files and folders that only this process sees in another place: place seen → what is there. For programs with fixed
   * paths or user names compiled in: the machine's own files stay as they are.
   */
  readonly mounts?: ReadonlyMap<string, string>;
}

export interface ServerProcess {
  readonly pid: number;
  /** The path of its folder, which `stop` removes. */
  readonly folder: string;
  readonly running: boolean;
  /** What it printed so far, the last 64 KiB. */
  output(): string;
  /** Ends the process with its children; returns when all are gone, and the folder too. May be called again. */
  stop(): Promise<void>;
}

/** Long, for a machine whose two cores are busy; an undisturbed server stops within a fraction of a second. */
const STOP_DEADLINE_MS = 15_000;
const START_DEADLINE_MS = 30_000;
/** Between two attempts to reach a server that is still starting. */
const RETRY_MS = 25;
const OUTPUT_LIMIT = 64 * 1024;

/** Starts the program in the foreground, as leader of a process group of its own. */
export function startServerProcess(options: ServerProcessOptions): ServerProcess {
  const [command, ...args] = commandLine(options);
  const child = spawn(command as string, args, {
    cwd: options.folder.path,
    detached: true, // its own process group, which is then signalled as a whole
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let running = true;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_LIMIT);
    });
  }
  const exited = once(child, 'exit').catch((error: unknown) => {
    output += String(error); // the program could not be started at all
  });
  void exited.then(() => {
    running = false;
  });
  const pid = child.pid ?? 0;
  const watchdog = pid === 0 ? null : startWatchdog(pid, options.folder);
  const stopAndRemove = async () => {
    const obeyed = pid === 0 || (await endGroup(pid));
    watchdog?.kill('SIGKILL');
    await exited;
    await options.folder.remove();
    assert.ok(obeyed, `${options.name} (process ${pid}) had to be killed:\n${output}`);
  };
  let stopped: Promise<void> | null = null;
  return {
    pid,
    folder: options.folder.path,
    get running() {
      return running;
    },
    output: () => output,
    stop() {
      stopped ??= stopAndRemove();
      return stopped;
    },
  };
}

/**
 * Returns as soon as `attempt` fulfils, which asks the server something and rejects until it answers. When the server
 * ends or stays silent, it is stopped, and its last words are the error.
 */
export async function awaitReady(server: ServerProcess, attempt: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (server.running && performance.now() < deadline) {
        await pause(RETRY_MS);
        continue;
      }
      const state = server.running ? 'did not become ready' : 'ended while starting';
      await server.stop();
      throw new Error(`the server ${state}:\n${server.output()}`, { cause: error });
    }
  }
}

function commandLine(options: ServerProcessOptions): readonly string[] {
  const program = [options.command, ...options.args];
  const { user, mounts } = options;
  if (user !== undefined) return [PROGRAMS.setpriv, '--reuid', user, '--regid', user, '--clear-groups', ...program];
  if (mounts === undefined) return program;
  const script = 'while [ "$1" != -- ]; do mount --bind "$2" "$1" || exit 1; shift 2; done; shift; exec "$@"';
  return [PROGRAMS.unshare, '--mount', '/bin/sh', '-c', script, 'mounts', ...[...mounts].flat(), '--', ...program];
}

/**
 * Waits beside the server for the end of this process, however it dies: then the pipe to it closes, and it ends the
 * server and removes its folder. (The kernel's own signal for a parent's death is lost when a server changes its user.)
 */
function startWatchdog(pid: number, folder: WorkFolder): ChildProcess {
  const script = 'read -r _; kill -TERM "-$1"; sleep 2; rm -rf "$2"';
  return spawn('/bin/sh', ['-c', script, 'watchdog', String(pid), folder.path], {
    detached: true, // an interrupt typed at the terminal must not end it first
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

/** False where the polite signal was not enough. */
async function endGroup(pid: number): Promise<boolean> {
  signalGroup(pid, 'SIGTERM');
  if (await groupIsGone(pid, STOP_DEADLINE_MS)) return true;
  signalGroup(pid, 'SIGKILL');
  await groupIsGone(pid, STOP_DEADLINE_MS);
  return false;
}

async function groupIsGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (groupHasLivingProcess(pid)) {
    if (performance.now() > deadline) return false;
    await pause(10);
  }
  return true;
}

/** A dead process whose new parent has not looked at it (some containers have no proper init) does not count. */
function groupHasLivingProcess(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      const [state, , processGroup] = statOf(pid);
      return Number(processGroup) === group && state !== 'Z';
    });
}

/** State, parent, process group …: proc(5), the fields behind the command's name, which may hold anything itself. */
function statOf(pid: string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return []; // it ended meanwhile
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false; // ESRCH: no process of the group is left
  }
}
