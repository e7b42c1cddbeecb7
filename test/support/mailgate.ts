// Runs the real `bin` of mailgate in a fresh folder with a home of its own, and tells what it said, wrote and returned.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
export const BIN = join(ROOT, 'bin', 'mailgate.js');

/** Far longer than any run of these tests takes; one that hangs is killed, and fails by the exit code it then has. */
const LONGEST_RUN_MS = 30_000;

export interface RunOptions {
  /** What stands on standard input; nothing at all by default. A stream is piped in. */
  readonly stdin?: string | Uint8Array | Readable;
  /** Variables beside the few that every run gets; nothing of this process's own settings reaches it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user, which only root can ask for. */
  readonly uid?: number;
  /** The program in front of the arguments: this Node and the real `bin` by default. */
  readonly command?: readonly [program: string, ...args: string[]];
}

export interface Finished {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder to run mailgate in; it, its home and whatever still runs there are gone when the test ends. */
export function freshFolder(t: Pick<TestContext, 'after'>): Workdir {
  const base = mkdtempSync(join(tmpdir(), 'mailgate-commands-'));
  chmodSync(base, 0o755);
  for (const name of ['work', 'home', 'tmp']) mkdirSync(join(base, name));
  const workdir = new Workdir(base);
  t.after(async () => {
    await workdir.killAll();
    rmSync(base, { recursive: true, force: true });
  });
  return workdir;
}

export class Workdir {
  readonly base: string;
  /** Where commands run, and the only place they are expected to write to beside the home. */
  readonly path: string;
  readonly #running = new Set<Running>();

  constructor(base: string) {
    this.base = base;
    this.path = join(base, 'work');
  }

  /** The store that is used when none is named. */
  get store(): string {
    return join(this.base, 'home', '.local', 'share', 'mailgate', 'mailgate.sqlite');
  }

  get configFile(): string {
    return join(this.base, 'home', '.config', 'mailgate', 'config.toml');
  }

  /** The folder for temporary files. */
  get temporary(): string {
    return join(this.base, 'tmp');
  }

  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file, by its name in the folder or by its full path, and returns the name. */
  write(name: string, content: string | Uint8Array): string {
    const path = name.startsWith('/') ? name : this.pathOf(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return name;
  }

  read(name: string): string {
    return readFileSync(this.pathOf(name), 'utf8');
  }

  /** Every file of the folder, hidden ones included, by name. */
  files(): string[] {
    return readdirSync(this.path, { recursive: true, encoding: 'utf8' }).sort();
  }

  /** What runs left in the folder for temporary files: nothing, if they are well-behaved. */
  leftovers(): string[] {
    return readdirSync(this.temporary);
  }

  /** Hands everything to another user, so that a run under that user may write where it is meant to. */
  giveTo(uid: number): void {
    const paths = readdirSync(this.base, { recursive: true, encoding: 'utf8' }).map((name) => join(this.base, name));
    for (const path of [this.base, ...paths]) chownSync(path, uid, uid);
  }

  /** Runs `mailgate` with these arguments to its end. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return await this.start(args, options).finished;
  }

  /** Starts `mailgate` with these arguments. */
  start(args: readonly string[], options: RunOptions = {}): Running {
    const [program, ...first] = options.command ?? [process.execPath, BIN];
    const { stdin = '', uid } = options;
    const child = spawn(program, [...first, ...args], {
      cwd: this.path,
      env: { ...this.#environment(), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    child.stdin.on('error', () => {}); // a run that reads no input ends before we have written it
    if (typeof stdin === 'string' || stdin instanceof Uint8Array) child.stdin.end(stdin);
    else stdin.pipe(child.stdin);
    const running = new Running(child);
    this.#running.add(running);
    void running.finished.finally(() => this.#running.delete(running));
    return running;
  }

  async killAll(): Promise<void> {
    for (const running of this.#running) running.kill('SIGKILL');
    await Promise.all([...this.#running].map(({ finished }) => finished));
  }

  #environment(): Record<string, string> {
    const home = join(this.base, 'home');
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      XDG_DATA_HOME: join(home, '.local', 'share'),
      XDG_CONFIG_HOME: join(home, '.config'),
      TMPDIR: this.temporary,
      LC_ALL: 'C.UTF-8',
    };
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A run that has been started; its words can be waited for. */
export class Running {
  readonly pid: number;
  readonly finished: Promise<Finished>;
  readonly #child: Child;
  readonly #heard = { stdout: '', stderr: '' };
  #waiters: { readonly isMet: () => boolean; readonly met: () => void }[] = [];

  constructor(child: Child) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        this.#heard[name] += text;
        for (const waiter of this.#waiters) if (waiter.isMet()) waiter.met();
      });
    }
    this.finished = this.#finish();
  }

  get stdout(): string {
    return this.#heard.stdout;
  }

  get stderr(): string {
    return this.#heard.stderr;
  }

  /** Resolves once the run has said this. @throws Error where it ends without having said it. */
  async says(words: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    const isMet = (): boolean => words.test(this.#heard[stream]);
    const said = new Promise<void>((met) => {
      this.#waiters.push({ isMet, met });
      if (isMet()) met();
    });
    await Promise.race([said, this.finished]);
    if (!isMet()) throw new Error(`it ended without saying ${words}:\n${this.stdout}\n${this.stderr}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Stops listening to one of its streams, as `| head` does once it has enough. */
  hangUp(stream: 'stdout' | 'stderr'): void {
    this.#child[stream].destroy();
  }

  async #finish(): Promise<Finished> {
    const timer = setTimeout(() => this.kill('SIGKILL'), LONGEST_RUN_MS);
    const [exitCode, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null];
    clearTimeout(timer);
    return { exitCode, signal, stdout: this.stdout, stderr: this.stderr };
  }
}
