// Outputs that appear whole or not at all, on real files, links, pipes and full disks.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import type { List } from '../../src/list/reader.ts';
import { createListWriter, type ListWriter } from '../../src/list/writer.ts';
import { annotate, freshFolder, listOf } from './list-files.ts';

const OWN = { status: 'valid' };
const CLEAN = 'email,mg_status\na@x.com,valid\n';

async function listFile(t: TestContext): Promise<{ list: List; path: string; folder: string; out: string }> {
  const opened = await listOf(t, 'email\na@x.com\n');
  return { ...opened, out: join(opened.folder, 'clean.csv') };
}

async function fill(list: List, writer: ListWriter): Promise<void> {
  for await (const batch of list.batches()) {
    for (let i = 0; i < batch.rowCount; i++) writer.append(batch, i, ['valid']);
    await writer.flush();
  }
}

test('a new file is for its owner only, and nothing else is left in the folder', async (t) => {
  const { list, out, folder } = await listFile(t);
  assert.equal(await annotate(list, { path: out, own: OWN }), CLEAN);
  assert.equal(statSync(out).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder).sort(), ['clean.csv', 'list.csv']);
});

test('an existing file is replaced at the end, not before, and keeps its mode', async (t) => {
  const { list, out } = await listFile(t);
  writeFileSync(out, 'old');
  chmodSync(out, 0o640);
  const writer = await createListWriter(list, { target: { path: out }, columns: ['status'] });
  await fill(list, writer);
  assert.equal(readFileSync(out, 'utf8'), 'old');
  await writer.commit();
  assert.equal(readFileSync(out, 'utf8'), CLEAN);
  assert.equal(statSync(out).mode & 0o777, 0o640);
});

test('giving up leaves the old output as it was and nothing beside it', async (t) => {
  const { list, out, folder } = await listFile(t);
  writeFileSync(out, 'old');
  const writer = await createListWriter(list, { target: { path: out }, columns: ['status'] });
  await fill(list, writer);
  await writer.abort();
  await writer.abort();
  assert.equal(readFileSync(out, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder).sort(), ['clean.csv', 'list.csv']);
});

test('the output may be the list itself', async (t) => {
  const { list, path } = await listFile(t);
  assert.equal(await annotate(list, { path, own: OWN }), CLEAN);
});

test('a list that changed meanwhile is not replaced', async (t) => {
  const { list, path, folder } = await listFile(t);
  const writer = await createListWriter(list, { target: { path }, columns: ['status'] });
  await fill(list, writer);
  writeFileSync(path, 'email\na@x.com\nb@x.com\n');
  await assert.rejects(writer.commit(), (error: unknown) => error instanceof MailgateError && error.kind === 'input');
  assert.equal(readFileSync(path, 'utf8'), 'email\na@x.com\nb@x.com\n');
  assert.deepEqual(readdirSync(folder), ['list.csv']);
});

test('a symbolic link stays one, and what it leads to is replaced or made', async (t) => {
  const { list, folder } = await listFile(t);
  mkdirSync(join(folder, 'real'));
  writeFileSync(join(folder, 'real', 'old.csv'), 'old');
  for (const name of ['old.csv', 'new.csv']) {
    const link = join(folder, `link-${name}`);
    symlinkSync(join('real', name), link);
    await annotate(list, { path: link, own: OWN });
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(readFileSync(join(folder, 'real', name), 'utf8'), CLEAN);
  }
});

test('several outputs at once do not get in each other’s way', async (t) => {
  const { list, folder } = await listFile(t);
  const names = ['valid.csv', 'invalid.csv', 'unknown.csv'];
  const writers = await Promise.all(
    names.map((name) => createListWriter(list, { target: { path: join(folder, name) }, columns: ['status'] })),
  );
  for await (const batch of list.batches()) {
    for (const [n, writer] of writers.entries()) writer.append(batch, 0, [`row of ${n}`]);
  }
  for (const writer of writers) await writer.commit();
  const written = names.map((name) => readFileSync(join(folder, name), 'utf8').split('\n')[1]);
  assert.deepEqual(written, ['a@x.com,row of 0', 'a@x.com,row of 1', 'a@x.com,row of 2']);
});

test('what a killed run left is removed, and what a running one or another host writes is not', async (t) => {
  const { list, folder, out } = await listFile(t);
  const gone = spawnSync('true').pid;
  const host = hostname().replace(/[^A-Za-z0-9.]+/g, '_');
  const leftover = `.clean.csv.mailgate-${host}-${gone}-1.tmp`;
  const kept = [`.clean.csv.mailgate-${host}-${process.ppid}-1.tmp`, `.clean.csv.mailgate-other.host-${gone}-1.tmp`];
  for (const name of [leftover, ...kept]) writeFileSync(join(folder, name), '');
  await annotate(list, { path: out, own: OWN });
  assert.deepEqual(readdirSync(folder).sort(), [...kept, 'clean.csv', 'list.csv'].sort());
});

const refused: readonly [what: string, path: (folder: string) => string, message: RegExp, hint: RegExp][] = [
  [
    'in a folder that does not exist',
    (folder) => join(folder, 'no', 'clean.csv'),
    /its folder does not exist/,
    /mkdir/,
  ],
  ['that is a folder', (folder) => folder, /is a folder/, /name of a file/],
  ['below a file', (folder) => join(folder, 'list.csv', 'clean.csv'), /is a file, not a folder/, /name/],
  ['with a name too long', (folder) => join(folder, 'x'.repeat(300)), /name is too long/, /shorter/],
];

for (const [what, path, message, hint] of refused) {
  test(`an output ${what} is an error that says what to do`, async (t) => {
    const { list, folder } = await listFile(t);
    await assert.rejects(annotate(list, { path: path(folder), own: OWN }), outputError(message, hint));
    assert.deepEqual(readdirSync(folder), ['list.csv']);
  });
}

test('a link that leads back to itself is an error', async (t) => {
  const { list, out } = await listFile(t);
  symlinkSync(out, out);
  await assert.rejects(annotate(list, { path: out, own: OWN }), outputError(/leads back to itself/));
});

test('a write-protected folder or file is an error', {
  skip: process.getuid?.() === 0 && 'root may write all',
}, async (t) => {
  const { list, folder, out } = await listFile(t);
  writeFileSync(out, 'old', { mode: 0o400 });
  await assert.rejects(annotate(list, { path: out, own: OWN }), outputError(/may not be written to/));
  mkdirSync(join(folder, 'shut'), { mode: 0o500 });
  await assert.rejects(
    annotate(list, { path: join(folder, 'shut', 'a'), own: OWN }),
    outputError(/may not be written to/),
  );
});

test('a file that grows past the size limit is an error, and the old output stays', (t) => {
  const folder = freshFolder(t);
  const path = join(folder, 'list.csv');
  writeFileSync(path, `email\n${'someone@example.com\n'.repeat(100_000)}`);
  writeFileSync(join(folder, 'clean.csv'), 'old');
  const script = join(import.meta.dirname, 'annotate-in-child.ts');
  const flags = '--disable-warning=ExperimentalWarning --experimental-strip-types';
  const command = `ulimit -f 512; exec "$0" ${flags} "$1" "$2" "$3"`;
  const args = ['-c', command, process.execPath, script, path, join(folder, 'clean.csv')];
  const child = spawnSync('sh', args, { encoding: 'utf8' });
  assert.equal(child.status, 3, child.stderr);
  const { name, message, hint } = JSON.parse(child.stdout) as Record<string, string>;
  assert.equal(name, 'MailgateError');
  assert.match(message ?? '', /grows past the file size limit/);
  assert.match(hint ?? '', /Nothing was replaced/);
  assert.equal(readFileSync(join(folder, 'clean.csv'), 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder).sort(), ['clean.csv', 'list.csv']);
});

test('a full disk is an error, and the old output stays', async (t) => {
  const disk = join(freshFolder(t), 'disk');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
  if (mounted.status !== 0) return t.skip('a small disk can only be mounted by root');
  try {
    const { list } = await listOf(t, `email\n${'someone@example.com\n'.repeat(50_000)}`);
    const out = join(disk, 'clean.csv');
    writeFileSync(out, 'old');
    const writer = await createListWriter(list, { target: { path: out }, columns: ['status'] });
    await assert.rejects(
      fill(list, writer).then(() => writer.commit()),
      outputError(/the disk is full/, /Make room/),
    );
    await writer.abort();
    assert.equal(readFileSync(out, 'utf8'), 'old');
    assert.deepEqual(readdirSync(disk), ['clean.csv']);
  } finally {
    spawnSync('umount', [disk]);
  }
});

test('a device is written to and never replaced', {
  skip: !existsSync('/dev/full') && 'no /dev/full here',
}, async (t) => {
  const { list } = await listFile(t);
  await annotate(list, { path: '/dev/null', own: OWN });
  assert.ok(statSync('/dev/null').isCharacterDevice());
  await assert.rejects(annotate(list, { path: '/dev/full', own: OWN }), outputError(/the disk is full/));
});

test('a pipe that has a name only as a link, such as /dev/stdout, is written to', {
  skip: !existsSync('/proc/self/fd') && 'no /proc here',
}, (t) => {
  const list = join(freshFolder(t), 'list.csv');
  writeFileSync(list, 'email\na@x.com\n');
  const child = [process.execPath, join(import.meta.dirname, 'annotate-in-child.ts'), list, '/dev/stdout'];
  // A shell's pipe: those Node makes for its children are sockets.
  const { stdout } = spawnSync('sh', ['-c', '"$0" "$@" | cat', ...child], { encoding: 'utf8' });
  assert.match(stdout, /^email,mg_status\na@x\.com,valid\n\{"addresses"/);
});

test('a stream gets the rows as they come, and is waited for where it is slow', async (t) => {
  const { list } = await listOf(t, `email\n${'someone@example.com\n'.repeat(30_000)}`);
  const chunks: Buffer[] = [];
  let pending = 0;
  let most = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      pending += 1;
      most = Math.max(most, pending);
      chunks.push(Buffer.from(chunk));
      setImmediate(() => {
        pending -= 1;
        done();
      });
    },
  });
  const writer = await createListWriter(list, {
    target: { stream: slow, name: 'standard output' },
    columns: ['status'],
  });
  await fill(list, writer);
  const outcome = await writer.commit();
  assert.equal(outcome.status, 'written');
  assert.equal(most, 1);
  assert.equal(Buffer.concat(chunks).toString(), `email,mg_status\n${'someone@example.com,valid\n'.repeat(30_000)}`);
  assert.equal(slow.writableEnded, false, 'standard output is not ours to close');
});

test('a reader that closes the pipe early is an outcome, not an error', async (t) => {
  const { list } = await listOf(t, `email\n${'someone@example.com\n'.repeat(100_000)}`);
  const head = spawn('head', ['-c', '20'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const gone = once(head, 'exit');
  const writer = await createListWriter(list, {
    target: { stream: head.stdin, name: 'standard output' },
    columns: ['status'],
  });
  await fill(list, writer);
  await gone;
  await fill(list, writer);
  assert.equal((await writer.commit()).status, 'reader_gone');
  assert.equal(writer.readerGone, true);
});

test('a stream that fails otherwise is an error', async (t) => {
  const { list } = await listFile(t);
  const broken = new PassThrough({
    transform: (_chunk, _encoding, done) => done(Object.assign(new Error('full'), { code: 'ENOSPC' })),
  });
  const writer = await createListWriter(list, {
    target: { stream: broken, name: 'standard output' },
    columns: ['status'],
  });
  await assert.rejects(
    fill(list, writer).then(() => writer.commit()),
    outputError(/standard output cannot be written: the disk is full/),
  );
});

function outputError(message: RegExp, hint = /^/): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MailgateError, String(error));
    assert.equal(error.kind, 'output');
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
    return true;
  };
}
