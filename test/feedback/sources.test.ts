import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import {
  contentHash,
  type ScanOptions,
  type SourceItem,
  scanSources,
  scanWithLargeFiles,
} from '../../src/feedback/sources.ts';

const scratch = mkdtempSync(join(tmpdir(), 'mailgate-sources-'));
after(() => rmSync(scratch, { recursive: true }));

const MAIL = 'From: a@example.test\nSubject: one\n\nText\n';

function folderOf(name: string, files: Readonly<Record<string, string | Buffer>>): string {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  return folder;
}

async function scan(paths: readonly string[], options: ScanOptions = {}): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  for await (const item of scanSources(paths, options)) items.push(item);
  return items;
}

/** `path[#part]: text` of messages, `path: !reason` of problems, with paths relative to `root`. */
function shown(items: readonly SourceItem[], root: string): string[] {
  return items.map((item) => {
    const where =
      item.place.path.replace(`${root}/`, '') + (item.place.part === undefined ? '' : `#${item.place.part}`);
    if (item.status === 'message') return `${where}: ${item.bytes.toString('latin1').trim()}`;
    return item.status === 'seen' ? `${where}: seen` : `${where}: !${item.reason}`;
  });
}

test('a folder gives its files by name, without hidden ones and without folders inside unless asked', async () => {
  const root = folderOf('plain', { 'b.eml': 'b', 'a.eml': 'a', '.hidden': 'x', 'sub/c.eml': 'c', '.git/d': 'd' });
  assert.deepEqual(shown(await scan([root]), root), ['a.eml: a', 'b.eml: b']);
  assert.deepEqual(shown(await scan([root], { recursive: true }), root), ['a.eml: a', 'b.eml: b', 'sub/c.eml: c']);
});

test('a Maildir gives new/ and cur/ but neither tmp/ nor the files of servers, and subfolders only when asked', async () => {
  const root = folderOf('maildir', {
    'new/1.M1.host': 'new',
    'cur/2.M2.host:2,S': 'cur',
    'cur/dovecot.index.log': 'x',
    'tmp/3.M3.host': 'x',
    'dovecot-uidlist': 'x',
    '.Bounces/new/4.M4.host': 'sub',
    '.Bounces/cur/.keep': 'x',
    '.Bounces/tmp/5': 'x',
  });
  assert.deepEqual(shown(await scan([root]), root), ['new/1.M1.host: new', 'cur/2.M2.host:2,S: cur']);
  assert.deepEqual(shown(await scan([root], { recursive: true }), root), [
    'new/1.M1.host: new',
    'cur/2.M2.host:2,S: cur',
    '.Bounces/new/4.M4.host: sub',
  ]);
});

test('a Maildir message keeps its key when it moves to cur/ and gets flags', async () => {
  const root = folderOf('moving', { 'new/7.M7.host': MAIL, 'cur/.keep': '' });
  const [before] = await scan([root]);
  renameSync(join(root, 'new/7.M7.host'), join(root, 'cur/7.M7.host:2,FS'));
  const [later] = await scan([root]);
  assert.ok(before?.place.key);
  assert.equal(later?.place.key, before.place.key);
  const seen = { hasPlace: (key: string) => key === before.place.key, hasContent: () => false };
  assert.deepEqual(shown(await scan([root], { seen }), root), ['cur/7.M7.host:2,FS: seen']);
});

test('a file that changed is another place, so a growing mbox is read again', async () => {
  const root = folderOf('growing', { log: MAIL });
  const [before] = await scan([root]);
  writeFileSync(join(root, 'log'), `${MAIL}more`);
  const [later] = await scan([root]);
  assert.notEqual(later?.place.key, before?.place.key);
});

test('what was met by its content is not read again, whatever its line ends', async () => {
  const root = folderOf('same', { lf: MAIL, crlf: MAIL.replaceAll('\n', '\r\n'), cr: MAIL.replaceAll('\n', '\r') });
  const known = contentHash(Buffer.from(MAIL));
  const seen = { hasPlace: () => false, hasContent: (sha256: string) => sha256 === known };
  assert.deepEqual(shown(await scan([root], { seen }), root), ['cr: seen', 'crlf: seen', 'lf: seen']);
});

for (const [lineEnd, name] of [
  ['\n', 'LF'],
  ['\r\n', 'CRLF'],
  ['\r', 'bare CR'],
] as const) {
  test(`an mbox with ${name} line ends gives its messages, with >From lines unescaped`, async () => {
    const lines = [
      'From a@example.test Tue Apr 30 02:09:16 2019',
      'Subject: one',
      '',
      '>From here on it is text',
      '>>From twice',
      '> From is quoted',
      'From the middle of a paragraph 10:00',
      '',
      'From here, too: no time of day',
      '',
      'From b@example.test Tue Apr 30 02:09:17 2019',
      'Subject: two',
      '',
      'Text',
      '',
    ];
    const root = folderOf(`mbox-${name}`, { mbox: lines.join(lineEnd) });
    const messages = (await scan([join(root, 'mbox')])).map((item) => {
      assert.equal(item.status, 'message');
      return item.status === 'message' ? item.bytes.toString() : '';
    });
    assert.deepEqual(messages, [
      [...lines.slice(1, 3), 'From here on it is text', '>From twice', ...lines.slice(5, 9), ''].join(lineEnd),
      [...lines.slice(11, 14), ''].join(lineEnd),
    ]);
  });
}

test('an mbox may come in pieces of any size, and a message above the limit is passed over', async () => {
  const big = `From b@example.test Tue Apr 30 02:09:17 2019\n\n${'x'.repeat(500)}\n\n`;
  const small = 'From a@example.test Tue Apr 30 02:09:16 2019\nA: b\n\n>From me\n\n';
  const bytes = Buffer.from(small + big + small);
  for (const size of [1, 7, 64, 10_000]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    const stdin = (async function* () {
      yield* pieces;
    })();
    const items = await scan(['-'], { stdin, mostMessageBytes: 300 });
    const expected = ['-#1: A: b\n\nFrom me', '-#2: !too_large', '-#3: A: b\n\nFrom me'];
    assert.deepEqual(shown(items, ''), expected, `pieces of ${size}`);
  }
});

test('standard input is one message, or a report too large to hold that is streamed', async () => {
  const stdin = () =>
    (async function* () {
      yield Buffer.from('<feedback>');
      yield Buffer.alloc(5000, 0x20);
      yield Buffer.from('</feedback>');
    })();
  assert.equal((await scan(['-'], { stdin: stdin() })).length, 1);
  assert.deepEqual(shown(await scan(['-'], { stdin: stdin(), mostMessageBytes: 100 }), ''), ['-: !too_large']);
  for await (const item of scanWithLargeFiles(['-'], { stdin: stdin(), mostMessageBytes: 100 })) {
    assert.equal(item.status, 'large');
    if (item.status !== 'large') return;
    let length = 0;
    for await (const chunk of item.chunks()) length += chunk.length;
    assert.equal(length, 5021);
  }
});

test('an .eml that keeps the separator of its mbox is one message without it', async () => {
  const root = folderOf('from-line', {
    'x.eml': `From a@example.test Tue Apr 30 02:09:16 2019\r\n${MAIL}\nFrom b 10:00\n`,
  });
  const [item] = await scan([root]);
  assert.ok(item?.status === 'message' && item.bytes.toString().startsWith('From: a@example.test'));
});

test('what was named and is not there is a problem; links inside a folder and pipes are passed over in silence', async () => {
  const root = folderOf('odd', { 'real.eml': 'real' });
  symlinkSync('/etc/passwd', join(root, 'link.eml'));
  symlinkSync(root, join(root, 'loop'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  const items = await scan([root, join(root, 'absent'), join(root, 'pipe'), join(root, 'link.eml')], {
    recursive: true,
  });
  assert.deepEqual(shown(items.slice(0, 3), root), ['real.eml: real', 'absent: !not_found', 'pipe: !not_a_file']);
  assert.equal(items[3]?.status, 'message', 'a link that was named is followed');
});

test('a file whose name is no UTF-8 cannot be opened, and is named rather than passed over', async () => {
  const root = folderOf('latin1', { 'a.eml': 'a' });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]), MAIL);
  assert.deepEqual(shown(await scan([root]), root), ['a.eml: a', 'caf\ufffd: !unreadable']);
});

test('a file above the limit is refused without being read', async () => {
  const root = folderOf('large', { 'big.eml': Buffer.alloc(2000, 0x61) });
  assert.deepEqual(shown(await scan([root], { mostMessageBytes: 1000 }), root), ['big.eml: !too_large']);
});

test('scanning changes nothing: neither names nor times', async () => {
  const root = folderOf('untouched', { 'new/1': MAIL, 'cur/2:2,': MAIL });
  const before = statSync(join(root, 'new/1'));
  await scan([root]);
  const later = statSync(join(root, 'new/1'));
  assert.deepEqual([later.mtimeMs, later.ctimeMs], [before.mtimeMs, before.ctimeMs]);
});
