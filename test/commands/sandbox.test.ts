// `mailgate sandbox` and `mailgate completion`, whole: a world in the foreground that others can ask, until a signal ends it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { freshFolder } from '../support/mailgate.ts';
import { objectsOf } from './rows.ts';

test('the sandbox prints how to ask it, and answers those who do just that', async (t) => {
  const folder = freshFolder(t);
  const sandbox = folder.start(['sandbox']);
  await sandbox.says(/Ctrl-C ends it\.\n/);
  const advice = /mailgate (check .*) ADDRESS/.exec(sandbox.stdout)?.[1];
  assert.ok(advice, sandbox.stdout);
  const check = await folder.run([...advice.split(' '), 'anna.bergmann@gmail.com', '--json']);
  assert.deepEqual([check.exitCode, objectsOf(check.stdout)[0]?.['status']], [0, 'valid'], check.stderr);
  sandbox.kill('SIGINT');
  const ended = await sandbox.finished;
  assert.deepEqual([ended.exitCode, ended.signal, ended.stderr], [0, null, ''], 'Ctrl-C is how it is meant to end');
});

test('the sandbox tells machines its ports, and every address it advertises gives what it says', async (t) => {
  const folder = freshFolder(t);
  const sandbox = folder.start(['sandbox', '--json']);
  await sandbox.says(/\n/);
  const { dns, smtp_port } = JSON.parse(sandbox.stdout) as {
    dns: { address: string; port: number };
    smtp_port: number;
  };
  const flags = [
    '--dns',
    `${dns.address}:${dns.port}`,
    '--port',
    String(smtp_port),
    '--allow-private',
    '--allow-reserved',
  ];
  const shown = folder.start(['sandbox']);
  await shown.says(/Ctrl-C ends it\.\n/);
  const samples = [...shown.stdout.matchAll(/^ {2}(\S+@\S+) +(valid|invalid|catchall|unknown): (\w+)/gm)];
  assert.ok(samples.length >= 7, shown.stdout);
  const check = await folder.run(['check', ...samples.map(([, address]) => address ?? ''), '--json', ...flags]);
  assert.deepEqual(
    objectsOf(check.stdout).map(({ input, status, reason }) => [input, status, reason]),
    samples.map(([, address, status, reason]) => [address, status, reason]),
  );
  for (const running of [sandbox, shown]) running.kill('SIGTERM');
  assert.deepEqual([(await sandbox.finished).exitCode, (await shown.finished).exitCode], [0, 0]);
});

const taken: readonly [flag: string, port: (said: { dns: { port: number }; smtp_port: number }) => number][] = [
  ['--smtp-port', ({ smtp_port }) => smtp_port],
  ['--dns-port', ({ dns }) => dns.port],
];
for (const [flag, portOf] of taken) {
  test(`a ${flag} that is taken is told`, async (t) => {
    const folder = freshFolder(t);
    const first = folder.start(['sandbox', '--json']);
    await first.says(/\n/);
    const port = String(portOf(JSON.parse(first.stdout) as { dns: { port: number }; smtp_port: number }));
    const second = await folder.run(['sandbox', flag, port]);
    assert.equal(second.exitCode, 4, second.stderr);
    assert.match(second.stderr, /^mailgate: /);
    assert.ok(second.stderr.includes(port), second.stderr);
  });
}

test('the list in the fixtures is said by the main help to be a way to begin', async (t) => {
  const folder = freshFolder(t);
  const help = await folder.run(['--help']);
  assert.equal(help.exitCode, 0);
  assert.match(help.stdout, /mailgate verify fixtures\/legacy-list\.csv --sandbox/);
});

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`completion ${shell} is a script that ${shell} can read`, async (t) => {
    const folder = freshFolder(t);
    const run = await folder.run(['completion', shell]);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, /verify/);
    folder.write('script', run.stdout);
    const checked = spawnSync(shell, ['-n', folder.pathOf('script')]);
    if (checked.error !== undefined) return t.skip(`${shell} is not installed`);
    assert.deepEqual([checked.status, String(checked.stderr)], [0, '']);
  });
}

test('completion in bash completes commands, options and the words they take', async (t) => {
  const folder = freshFolder(t);
  const { stdout } = await folder.run(['completion', 'bash']);
  folder.write('script', stdout);
  folder.write('complete', COMPLETE);
  const complete = (...words: string[]): string[] => {
    const { stdout: found, stderr } = spawnSync('bash', ['complete', ...words], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    return found
      .split('\n')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  };
  assert.deepEqual(complete('mailgate', 'ver'), ['verify']);
  assert.deepEqual(complete('mailgate', 'cache', 'pr'), ['prune']);
  assert.deepEqual(complete('mailgate', 'verify', '--per-'), ['--per-domain', '--per-provider']);
  assert.deepEqual(complete('mailgate', 'verify', '--duplicates', ''), ['keep', 'drop']);
});

/** What bash does when Tab is pressed behind the words given. */
const COMPLETE = String.raw`
source ./script
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
function=$(complete -p mailgate | sed 's/.*-F \([^ ]*\).*/\1/')
$function mailgate "${'$'}{@: -1}" "${'$'}{@: -2:1}"
printf '%s\n' "${'$'}{COMPREPLY[@]}"
`;
