import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { unpack } from '../../src/feedback/archives.ts';
import { UNPACK_LIMITS, type UnpackLimits } from '../../src/feedback/unpack-budget.ts';
import { type ZipMember, zipOf } from './zip-writer.ts';

const XML = Buffer.from('<?xml version="1.0"?><feedback></feedback>');

/** What comes out: `name kind length` of contents, with the reason where they were stopped, and `name !reason` of problems. */
async function shown(bytes: Buffer | readonly Buffer[], limits: Partial<UnpackLimits> = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const item of unpack(Buffer.isBuffer(bytes) ? [bytes] : bytes, { ...UNPACK_LIMITS, ...limits })) {
    if (item.status === 'problem') {
      found.push(`${item.name} !${item.reason}`);
      continue;
    }
    let length = 0;
    for await (const chunk of item.chunks) length += chunk.length;
    const stop = item.stopped();
    found.push(`${item.name} ${item.kind} ${length}${stop === null ? '' : ` !${stop.reason}`}`);
  }
  return found;
}

const zip = (...members: ZipMember[]): Buffer => zipOf(members);
const member = (name: string, content: Buffer): ZipMember => ({ name, content });

const CASES: readonly [string, Buffer, readonly string[], string][] = [
  ['bare XML', XML, [`null xml ${XML.length}`], 'it is no archive'],
  ['gzip', gzipSync(XML), [`null xml ${XML.length}`], ''],
  ['gzip in gzip', gzipSync(gzipSync(XML)), [`null xml ${XML.length}`], 'seen from Mimecast'],
  ['zip', zip(member('a.xml', XML)), [`a.xml xml ${XML.length}`], ''],
  [
    'zip of two reports, a folder and what macOS adds',
    zip(member('r/', Buffer.alloc(0)), member('r/a.xml', XML), member('b', XML), member('__MACOSX/._b', XML)),
    [`r/a.xml xml ${XML.length}`, `b xml ${XML.length}`],
    'all members count, not the first alone',
  ],
  ['gzip in zip', zip(member('a.gz', gzipSync(XML))), [`a.gz xml ${XML.length}`], ''],
  ['zip in gzip', gzipSync(zip(member('a', XML))), [`a xml ${XML.length}`], ''],
  ['three layers', gzipSync(zip(member('a', gzipSync(XML)))), [`a xml ${XML.length}`], ''],
  ['four layers', gzipSync(gzipSync(gzipSync(gzipSync(XML)))), ['null !too_many_layers'], 'nobody packs so'],
  [
    'gzip with junk behind it',
    Buffer.concat([gzipSync(XML), Buffer.from('\r\n')]),
    [`null xml ${XML.length}`],
    'mailers add line ends',
  ],
  ['two gzip members', Buffer.concat([gzipSync(XML), gzipSync(XML)]), [`null xml ${2 * XML.length}`], 'RFC 1952'],
  ['half a gzip', gzipSync(XML).subarray(0, 40), ['null xml 29'], 'what there is of it'],
  ['gzip with a wrong checksum', spoiled(gzipSync(XML), -6), [`null xml ${XML.length}`], 'the content is whole'],
  ['gzip of nothing', gzipSync(Buffer.alloc(0)), ['null empty 0'], ''],
  ['broken gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), ['null empty 0 !corrupt'], ''],
  ['half a zip', zip(member('a', XML)).subarray(0, 50), ['null !corrupt'], 'its directory is missing'],
  ['a member that is locked', zip({ ...member('a', XML), encrypted: true }), ['null !encrypted'], ''],
  ['a member packed otherwise', zip({ ...member('a', XML), method: 93 }), ['null !unsupported'], 'Zstandard'],
  [
    'a name that climbs out of the folder',
    zip(member('../../etc/cron.d/x', XML)),
    [`../../etc/cron.d/x xml ${XML.length}`],
    'nothing is written, so the name is harmless',
  ],
  ['a size that lies', zip({ ...member('a', XML), claimedSize: 5 }), ['a empty 0 !corrupt'], 'yauzl counts along'],
];

for (const [title, bytes, expected, why] of CASES) {
  test(`${title}: ${expected.join(', ')}${why === '' ? '' : ` (${why})`}`, async () => {
    assert.deepEqual(await shown(bytes), expected);
  });
}

test('a gzip stream may be cut into pieces anywhere', async () => {
  const bytes = gzipSync(XML);
  for (let at = 1; at < bytes.length; at += 1) {
    assert.deepEqual(
      await shown([bytes.subarray(0, at), bytes.subarray(at)]),
      [`null xml ${XML.length}`],
      `cut at ${at}`,
    );
  }
});

function spoiled(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = bytes.length + at;
  copy[index] = (copy[index] as number) ^ 0xff;
  return copy;
}

/** Runs `work` and tells how much longer and larger the process became. */
async function costOf(work: () => Promise<void>): Promise<{ ms: number; growthMb: number }> {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  await work();
  return { ms: performance.now() - start, growthMb: (process.memoryUsage().rss - before) / 1e6 };
}

test('a gzip bomb of 1 GB ends at the ratio, in little time and memory', async () => {
  const bomb = gzipSync(gzipSync(Buffer.alloc(1_000_000_000), { level: 1 }));
  const { ms, growthMb } = await costOf(async () => {
    assert.deepEqual((await shown(bomb)).length, 1);
    assert.match((await shown(bomb))[0] ?? '', /!ratio_too_high$/);
  });
  assert.ok(bomb.length < 200_000, `${bomb.length} bytes`);
  assert.ok(ms < 30_000, `${ms} ms`);
  assert.ok(growthMb < 100, `${growthMb} MB`);
});

test('a zip bomb ends at the same limits, and members share them', async () => {
  const large = deflateRawSync(Buffer.alloc(60_000_000, '<feedback>'), { level: 1 });
  const members = [1, 2, 3].map((number) => ({ name: String(number), packed: large, claimedSize: 60_000_000 }));
  const { ms, growthMb } = await costOf(async () => {
    assert.deepEqual(
      await shown(zipOf(members), { mostRatio: 1e6 }),
      ['1 xml 60000000', '2 xml 39993344 !unpacked_too_large', '3 empty 0 !unpacked_too_large'],
      'the second is stopped where the limit is',
    );
  });
  assert.ok(ms < 30_000, `${ms} ms`);
  assert.ok(growthMb < 150, `${growthMb} MB`);
});

test('an archive above the limit is not unpacked, and one with many members not to its end', async () => {
  const members = Array.from({ length: 25 }, (_, index) => member(String(index), XML));
  assert.deepEqual((await shown(zipOf(members))).slice(19), [`19 xml ${XML.length}`, 'null !too_many_members']);
  assert.deepEqual(await shown(zipOf(members), { mostCompressedBytes: 1000 }), ['null !compressed_too_large']);
  assert.deepEqual(await shown(gzipSync(XML), { mostCompressedBytes: 20 }), ['null empty 0 !compressed_too_large']);
});
