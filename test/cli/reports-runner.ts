// Runs `mailgate dmarc` and `mailgate complaints` inside the test, in a folder and with a store of their own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { Command } from 'commander';
import { addComplaintsCommand } from '../../src/cli/commands/complaints.ts';
import { addDmarcCommand } from '../../src/cli/commands/dmarc.ts';

export const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures');

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export function workFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailgate-reports-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function run(
  folder: string,
  args: readonly string[],
  given: { readonly stdin?: string; readonly interrupted?: AbortSignal } = {},
): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let [out, err, code] = ['', '', 0];
  stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  const context = {
    invocation: {
      args,
      env: {},
      cwd: folder,
      home: folder,
      stdin: Readable.from(given.stdin === undefined ? [] : [Buffer.from(given.stdin, 'latin1')]),
      stdout,
      stderr,
      interrupted: given.interrupted ?? new AbortController().signal,
    },
    exitWith: (wanted: number) => {
      code = wanted;
    },
  };
  const program = new Command('mailgate').exitOverride();
  addDmarcCommand(program, context);
  addComplaintsCommand(program, context);
  await program.parseAsync([...args, '--db', join(folder, 'store.db')], { from: 'user' });
  return { code, out, err };
}

/** The objects of `--json`. */
export function objects({ out }: Outcome): ReturnType<typeof JSON.parse>[] {
  return out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
