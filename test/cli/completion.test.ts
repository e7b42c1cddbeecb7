// The completion scripts, run in the shells themselves where they are installed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Command } from 'commander';
import { completionScript, SHELLS } from '../../src/cli/completion.ts';
import { addOptions, switchOption } from '../../src/cli/settings.ts';
import { SAMPLE_OPTIONS } from './sample-options.ts';

function sampleProgram(): Command {
  const program = new Command('mailgate');
  addOptions(program, [switchOption({ name: 'quiet', flags: '-q, --quiet', description: "don't say much" })]);
  const verify = program.command('verify').description("clean a list; it's quick").argument('<list>');
  addOptions(verify, SAMPLE_OPTIONS);
  program.command('secret', { hidden: true });
  const cache = program.command('cache').description('look into the cache');
  cache.command('stats').description('counts');
  cache.command('forget').description('forget an address');
  return program;
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

function scriptFile(t: TestContext, shell: (typeof SHELLS)[number]): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailgate-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, `completion.${shell}`);
  writeFileSync(path, completionScript(shell, sampleProgram()));
  return path;
}

const noBash = isInstalled('bash') ? false : 'bash is not installed';

const completions: readonly [words: readonly string[], expected: readonly string[], why: string][] = [
  [[''], ['verify', 'cache', 'help'], 'commands'],
  [['ver'], ['verify'], 'the beginning of a command'],
  [['--qu'], ['--quiet'], "the program's own option"],
  [['cache', ''], ['stats', 'forget', 'help'], 'commands of a command'],
  [['cache', 'f'], ['forget'], 'the beginning of one of them'],
  [['-q', 'cache', 'st'], ['stats'], 'options before the command do not disturb'],
  [['verify', '--ke'], ['--keep'], 'an option of a command'],
  [['verify', '--per'], ['--per-domain'], 'another one'],
  [['verify', '--no'], ['--no-smtp'], 'a negative switch'],
  [['cache', '--ke'], [], 'not one of another command'],
  [['verify', '--keep', ''], ['valid', 'invalid', 'catchall', 'unknown'], 'the words of an option'],
  [['verify', '--keep', 'in'], ['invalid'], 'the beginning of one of them'],
  [['verify', '--keep', 'valid,ca'], ['valid,catchall'], 'behind a comma'],
  [['verify', '--keep', '=', 'va'], ['valid'], 'behind an equals sign'],
  [['verify', '--keep', '='], ['valid', 'invalid', 'catchall', 'unknown'], 'right behind an equals sign'],
  [['verify', '--helo', 'ver'], [], 'a free value is left to file names'],
  [['verify', 'li'], [], 'so are arguments'],
  [['sec'], [], 'hidden commands stay hidden'],
];

for (const [words, expected, why] of completions) {
  test(`bash completes ${words.join(' ')}| as ${expected.join(' ') || 'file names'}: ${why}`, { skip: noBash }, (t) => {
    const script = `source "$1"; shift; COMP_WORDS=(mailgate "$@"); COMP_CWORD=$#; _mailgate; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', scriptFile(t, 'bash'), ...words], {
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.deepEqual(
      stdout.split('\n').filter((line) => line !== ''),
      expected,
    );
  });
}

test('bash takes the script for the program, with file names where nothing else fits', { skip: noBash }, (t) => {
  const { stdout } = spawnSync('bash', ['-c', 'source "$1"; complete -p mailgate', 'bash', scriptFile(t, 'bash')], {
    encoding: 'utf8',
  });
  assert.equal(stdout.trim(), 'complete -o default -F _mailgate mailgate');
});

for (const shell of SHELLS) {
  const skip = isInstalled(shell) ? false : `${shell} is not installed`;
  test(`${shell} finds no fault in the script`, { skip }, (t) => {
    const { status, stderr } = spawnSync(shell, ['-n', scriptFile(t, shell)], { encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });

  test(`the ${shell} script names every visible command and option, and no hidden one`, () => {
    const script = completionScript(shell, sampleProgram());
    for (const word of ['verify', 'cache', 'stats', 'forget', 'keep', 'per-domain', 'no-smtp', 'catchall']) {
      assert.ok(script.includes(word), word);
    }
    assert.equal(script.includes('secret'), false);
  });
}

const noFish = isInstalled('fish') ? false : 'fish is not installed';

test('fish completes commands, options and their words', { skip: noFish }, (t) => {
  const path = scriptFile(t, 'fish');
  const complete = (line: string): string[] =>
    spawnSync('fish', ['--no-config', '-c', `source ${path}; complete -C '${line}'`], { encoding: 'utf8' })
      .stdout.split('\n')
      .map((each) => each.split('\t')[0] ?? '');
  assert.ok(complete('mailgate ver').includes('verify'));
  assert.ok(complete('mailgate cache f').includes('forget'));
  assert.ok(complete('mailgate verify --ke').includes('--keep'));
  assert.ok(complete('mailgate verify --keep in').includes('invalid'));
  assert.ok(complete('mailgate verify --keep valid,ca').includes('valid,catchall'));
});
