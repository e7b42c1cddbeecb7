// When colours are shown, how a slow or vanished reader is met, and what is said how often.
import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { Notices } from '../../src/cli/notices.ts';
import { coloursFor, plainLines, write } from '../../src/cli/terminal.ts';
import { NO_COLOURS } from './samples.ts';

type Environment = Readonly<Record<string, string>>;

const colours: readonly [isTTY: boolean, color: boolean, env: Environment, coloured: boolean, why: string][] = [
  [true, true, {}, true, 'a terminal shows colours'],
  [false, true, {}, false, 'a file does not'],
  [true, false, {}, false, '--no-color'],
  [true, true, { NO_COLOR: '1' }, false, 'NO_COLOR is set'],
  [true, true, { NO_COLOR: '' }, true, 'an empty NO_COLOR says nothing (no-color.org)'],
  [true, true, { TERM: 'dumb' }, false, 'a terminal that can do nothing'],
  [false, true, { FORCE_COLOR: '1' }, true, 'FORCE_COLOR is set'],
  [false, true, { FORCE_COLOR: '0' }, false, 'FORCE_COLOR says no'],
  [false, true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false, 'NO_COLOR is stronger'],
  [false, false, { FORCE_COLOR: '1' }, false, 'the flag is strongest'],
];
for (const [isTTY, color, env, coloured, why] of colours) {
  test(`${coloured ? 'colours' : 'no colours'}: ${why}`, () => {
    const stream = Object.assign(new PassThrough(), { isTTY });
    assert.equal(coloursFor(stream, { color, env }).red('x') !== 'x', coloured);
  });
}

test('writing waits for a slow reader', async () => {
  const taken: (() => void)[] = [];
  const slow = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void taken.push(done) });
  let isWritten = false;
  const written = write(slow, 'text').then(() => {
    isWritten = true;
  });
  await Promise.resolve();
  assert.equal(isWritten, false);
  taken[0]?.();
  await written;
});

test('writing to a reader that left, or leaves meanwhile, ends', async () => {
  const gone = new PassThrough();
  gone.destroy();
  await write(gone, 'text');
  const leaving = new Writable({ highWaterMark: 1, write: () => {} });
  const written = write(leaving, 'text');
  leaving.destroy();
  await written;
  assert.equal(leaving.listenerCount('drain') + leaving.listenerCount('close'), 0);
});

test('lines stay lines, and nothing else in them moves a terminal', () => {
  assert.equal(plainLines('one\ntwo \x1b[2J\r\u202e'), 'one\ntwo \\x1b[2J\\x0d\\u202e');
});

test('a notice is said once, a warning also where all is quiet, and a bar is taken away before', () => {
  const said: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      said.push(text);
      done();
    },
  });
  const loud = new Notices(stream, { colours: NO_COLOURS, quiet: false });
  let cleared = 0;
  loud.clearBar = () => {
    cleared += 1;
  };
  loud.tell('one');
  loud.tell('one');
  loud.warn('two');
  const quiet = new Notices(stream, { colours: NO_COLOURS, quiet: true });
  quiet.tell('three');
  quiet.warn('four');
  assert.deepEqual([said, cleared], [['one\n', 'warning: two\n', 'warning: four\n'], 2]);
});
