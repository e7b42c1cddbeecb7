// Runs every test file under Node's own runner, with the loopback guard loaded, and hands on its exit code.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const wanted = process.argv.slice(2);
const files = (wanted.length > 0 ? wanted : globSync('test/**/*.test.ts', { cwd: root })).sort();
const guard = join(import.meta.dirname, 'loopback-guard.ts');
const runner = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', `--import=file://${guard}`, '--test', '--test-concurrency=2', ...files],
  { cwd: root, stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
runner.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 1;
});
