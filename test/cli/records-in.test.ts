// Records come from arguments or from standard input, however its lines are cut and however long they are.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { type RecordIn, readRecords } from '../../src/cli/records-in.ts';
import { MailgateError } from '../../src/errors.ts';

async function recordsOf(
  chunks: readonly (string | Uint8Array)[],
  args: readonly string[] = ['-'],
): Promise<RecordIn[]> {
  const records: RecordIn[] = [];
  for await (const record of readRecords(args, Readable.from(chunks), 'address')) records.push(record);
  return records;
}

const texts: readonly [why: string, chunks: readonly (string | Uint8Array)[], expected: readonly string[]][] = [
  ['nothing is no record', [], []],
  ['blank lines are none either', ['\n\r\n  \n'], []],
  ['the last line needs no end', ['a@b.test\nc@d.test'], ['a@b.test', 'c@d.test']],
  ['lines may end as on Windows', ['a@b.test\r\nc@d.test\r\n'], ['a@b.test', 'c@d.test']],
  ['a line may come in pieces', ['a@', 'b.te', 'st\nc', '@d.test\n'], ['a@b.test', 'c@d.test']],
  ['a CR and its LF may come apart', ['a@b.test\r', '\nc@d.test'], ['a@b.test', 'c@d.test']],
  ['a letter of several bytes may be cut', [Buffer.from([0xc3]), Buffer.from([0xbc, 0x0a])], ['ü']],
  ['bytes that are no UTF-8 become marks', [Buffer.from([0x61, 0xff, 0x0a])], ['a\ufffd']],
  ['a byte order mark is no part of the text', ['\ufeffa@b.test\n'], ['a@b.test']],
  ['spaces around are left to whoever reads the text', ['  a@b.test  \n'], ['  a@b.test  ']],
];
for (const [why, chunks, expected] of texts) {
  test(why, async () => {
    assert.deepEqual(
      (await recordsOf(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)))).map(
        ({ text }) => text,
      ),
      expected,
    );
  });
}

test('a line without end is cut, fills no memory, and leaves the next one whole', async () => {
  const piece = 'x'.repeat(100_000);
  const records = await recordsOf([piece, piece, piece, '\nnext']);
  assert.deepEqual(
    records.map(({ text }) => text.length),
    [65_536, 4],
  );
});

test('arguments are taken as they are, a dash among others too, and standard input is left alone', async () => {
  const records = await recordsOf(['never read'], ['a@b.test', '-', '{"address":"x"}']);
  assert.deepEqual(records, [
    { text: 'a@b.test', id: undefined, fields: null },
    { text: '-', id: undefined, fields: null },
    { text: '{"address":"x"}', id: undefined, fields: null },
  ]);
});

test('the first line decides whether there are objects', async () => {
  const [object] = await recordsOf(['{"address":"a@b.test","id":[1],"stage":"rcpt"}\n']);
  assert.deepEqual(object, { text: 'a@b.test', id: [1], fields: { address: 'a@b.test', id: [1], stage: 'rcpt' } });
  const plain = await recordsOf(['a@b.test\n{"address":"c@d.test"}\n']);
  assert.deepEqual(
    plain.map(({ text }) => text),
    ['a@b.test', '{"address":"c@d.test"}'],
  );
});

test('null is an empty text', async () => {
  const [record] = await recordsOf(['{"address":null,"id":7}\n']);
  assert.deepEqual([record?.text, record?.id], ['', 7]);
});

test('a field of a hostile name is a field like others', async () => {
  const [record] = await recordsOf(['{"__proto__":{"address":"evil@x.test"},"address":"a@b.test","constructor":1}\n']);
  assert.equal(record?.text, 'a@b.test');
  await assert.rejects(recordsOf(['{"__proto__":{"address":"evil@x.test"}}\n']), /no text under "address"/);
});

const refused: readonly [line: string, says: RegExp][] = [
  ['{"address":"a@b.test"', /line 1 of standard input is no JSON object/],
  ['{"adress":"a@b.test"}', /line 1 of standard input has no text under "address"/],
  ['{"address":5}', /line 1 of standard input has no text under "address"/],
  ['{"address":"a@b.test"}\n\n"text"', /line 3 of standard input is no JSON object/],
];
for (const [line, says] of refused) {
  test(`${JSON.stringify(line)} is refused, naming its line`, async () => {
    await assert.rejects(recordsOf([line]), (error) => {
      assert.ok(error instanceof MailgateError && error.kind === 'input');
      assert.match(error.message, says);
      return true;
    });
  });
}
