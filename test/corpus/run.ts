// Runs every script of this folder, or those named, one after the other: how well labelled material of all kinds is read (`npm run corpus`).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const FOLDER = import.meta.dirname;
const CORPORA = join(FOLDER, '..', '..', '..', 'shared', 'corpora');

const scripts = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts') && file !== basename(import.meta.filename))
  .map((file) => basename(file, '.ts'))
  .sort();
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !scripts.includes(name));

if (unknown !== undefined) {
  console.error(`There is no corpus called '${unknown}', only ${scripts.join(', ')}.`);
  process.exitCode = 2;
} else if (!existsSync(CORPORA)) {
  console.log(`The labelled material is no part of the repository and not here (${CORPORA}): nothing was measured.`);
} else {
  for (const name of wanted.length > 0 ? wanted : scripts) {
    console.log(`\n=== ${name}`);
    const script = join(FOLDER, `${name}.ts`);
    const { status } = spawnSync(process.execPath, [...process.execArgv, script], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
