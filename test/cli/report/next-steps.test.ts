// Commands to copy: the user's own command with what the advice changes, safe to paste into a shell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FinishedRun, nextSteps } from '../../../src/cli/report/next-steps.ts';

const RUN: FinishedRun = {
  ...{ args: ['verify', 'list.csv', '-o', 'clean.csv'], isPiped: false, isKept: true, mailable: 0, keptAll: true },
};
const rerun = (add: readonly string[], without: readonly string[] = []) => ({ say: 'do it', rerun: { add, without } });

const commands: readonly [why: string, args: readonly string[], advice: ReturnType<typeof rerun>, command: string][] = [
  ['the same command', RUN.args, rerun([]), 'mailgate verify list.csv -o clean.csv'],
  [
    'an option that is added takes the place of what was set',
    ['verify', '--command-timeout', '5s', 'list.csv', '--quiet'],
    rerun(['--command-timeout', '2m']),
    'mailgate verify list.csv --quiet --command-timeout 2m',
  ],
  [
    'an option set with = goes as well, a switch takes nothing with it',
    ['verify', '--offline', 'list.csv', '--command-timeout=5s'],
    rerun(['--command-timeout', '2m'], ['--offline']),
    'mailgate verify list.csv --command-timeout 2m',
  ],
  [
    'names that a shell would take apart are quoted',
    ['verify', "it's a list; rm -rf $HOME.csv"],
    rerun([]),
    `mailgate verify 'it'\\''s a list; rm -rf $HOME.csv'`,
  ],
  [
    'no user and no password is repeated',
    ['verify', 'list.csv', '--proxy', 'socks5://me:secret@proxy.test:1080'],
    rerun([]),
    `mailgate verify list.csv --proxy 'socks5://…@proxy.test:1080'`,
  ],
];
for (const [why, args, advice, command] of commands) {
  test(`a command to copy: ${why}`, () => {
    assert.equal(nextSteps([advice], { ...RUN, args })[0]?.command, command);
  });
}

test('the same command is shown once', () => {
  const steps = nextSteps([rerun([]), rerun([]), { say: 'think', rerun: null }], RUN);
  assert.deepEqual(
    steps.map(({ command }) => command === null),
    [false, true, true],
  );
});

test('a list from standard input is fed in again', () => {
  const [step] = nextSteps([rerun([])], { ...RUN, args: ['verify', '-'], isPiped: true });
  assert.equal(step?.command, 'mailgate verify - < list.csv');
});

test('where rows can be mailed, the list of them comes first, without asking anybody again', () => {
  const args = ['verify', 'list.csv', '-oclean.csv', '--report', 'r.html', '--keep=valid', '--column', 'mail', '-q'];
  const [step] = nextSteps([rerun([])], { ...RUN, args, mailable: 5 });
  assert.equal(
    step?.command,
    'mailgate verify list.csv --column mail -q -o can-be-mailed.csv --keep valid --duplicates drop --offline',
  );
  const [sandbox] = nextSteps([], { ...RUN, mailable: 5, isKept: false });
  assert.doesNotMatch(sandbox?.command ?? '', /--offline/, 'nothing is kept that could be read');
  assert.deepEqual(nextSteps([], { ...RUN, mailable: 5, keptAll: false }), [], 'the output is such a list already');
});
