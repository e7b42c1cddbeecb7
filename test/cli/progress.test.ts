// What a terminal, a cron job and nobody see of a cleaning while it runs.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Progress } from '../../src/cli/progress.ts';
import { HandClock } from '../support/hand-clock.ts';
import { NO_COLOURS, verdictOf } from './samples.ts';

const MINUTE_MS = 60_000;

function watched(options: { readonly isTTY: boolean; readonly quiet?: boolean }) {
  let said = '';
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      said += text;
      done();
    },
  });
  Object.assign(stream, { isTTY: options.isTTY, columns: 200, rows: 50 });
  const clock = new HandClock();
  const progress = new Progress({ stream, colours: NO_COLOURS, clock, quiet: options.quiet ?? false });
  return { progress, clock, said: () => said };
}

/** The cursor shows, lines wrap, it stands where it stood, and the line is empty (xterm, ctlseqs). */
const SHOWN_AGAIN = '\x1b[?25h\x1b[?7h\x1b8\x1b[1G\x1b[2K';

test('where no terminal is, a line a minute says how far it is, and nothing before', () => {
  const { progress, clock, said } = watched({ isTTY: false });
  progress.phase('asking', 4000);
  for (let i = 0; i < 1200; i += 1) progress.decided(verdictOf(i % 2 === 0 ? 'accepted' : 'mailbox_not_found'), false);
  clock.advance(MINUTE_MS - 1);
  assert.equal(said(), '');
  clock.advance(1);
  assert.equal(
    said(),
    'Asking: 1,200/4,000 addresses, 20/s, 2:20 left; 600 valid, 600 invalid, 0 catchall, 0 unknown\n',
  );
  clock.advance(MINUTE_MS);
  assert.equal(said().split('\n').length, 3);
  progress.stop();
  clock.advance(10 * MINUTE_MS);
  assert.equal(said().split('\n').length, 3, 'nothing is said after the end');
});

test('reading has rows and no counts, and its length may be unknown', () => {
  const { progress, clock, said } = watched({ isTTY: false });
  progress.phase('reading', null);
  progress.rows(90_000);
  clock.advance(MINUTE_MS);
  assert.equal(said(), 'Reading: 90,000 rows, 1,500/s\n');
});

test('an address decided again moves from unknown to its new status and is counted once', () => {
  const { progress, clock, said } = watched({ isTTY: false });
  progress.phase('asking', 2);
  progress.decided(verdictOf('greylisted'), false);
  progress.decided(verdictOf('accepted'), true);
  clock.advance(MINUTE_MS);
  assert.match(said(), /^Asking: 1\/2 addresses, .*; 1 valid, 0 invalid, 0 catchall, 0 unknown\n$/);
});

test('who is waited for is said once where no terminal is', () => {
  const { progress, clock, said } = watched({ isTTY: false });
  progress.phase('asking', 3);
  for (const addresses of [2, 1]) {
    progress.waiting({ addresses, domains: ['a.test', 'b\x1b.test', 'c.test'], nextAt: clock.now() + 5000 });
  }
  assert.equal(said(), 'Waiting for 2 put off at a.test, b\\x1b.test and 1 more.\n');
});

test('a terminal has a bar with counts, which is gone at the end', (t) => {
  const { progress, clock, said } = watched({ isTTY: true });
  t.after(() => progress.stop());
  progress.phase('asking', 10);
  clock.advance(1000);
  for (let i = 0; i < 5; i += 1) progress.decided(verdictOf('accepted'), false);
  clock.advance(1000);
  progress.decided(verdictOf('mailbox_full'), false);
  progress.stop(); // draws it for the last time: the bar keeps a timer of its own
  assert.match(
    said(),
    /Asking .*60 % \| 6\/10 addresses \| 3\.0\/s \| 0:01 left \| 5 valid 1 invalid 0 catchall 0 unknown/,
  );
  const atEnd = said();
  clock.advance(MINUTE_MS);
  progress.rows(1);
  assert.equal(said(), atEnd);
  assert.ok(atEnd.endsWith(SHOWN_AGAIN), 'cursor and wrapping are as before');
});

test('--quiet shows neither bar nor line', () => {
  for (const isTTY of [true, false]) {
    const { progress, clock, said } = watched({ isTTY, quiet: true });
    progress.phase('asking', 10);
    progress.decided(verdictOf('accepted'), false);
    progress.waiting({ addresses: 1, domains: ['a.test'], nextAt: clock.now() + 5000 });
    clock.advance(3 * MINUTE_MS);
    progress.clear();
    progress.stop();
    assert.equal(said(), '');
  }
});
