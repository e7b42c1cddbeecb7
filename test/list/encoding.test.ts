// Which encoding a list is in, and that every one of them comes out as the same text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { chooseEncoding } from '../../src/list/encoding.ts';
import { windows1252ToUtf8 } from '../../src/list/windows-1252.ts';
import { listOf, rowsOfList } from './list-files.ts';

const TEXT = 'email,name\r\nzoë@example.com,Zoë Ærø €5\r\n"ann@example.com","Müller, Ann"\r\n';
const ROWS = [
  { row: 2, address: 'zoë@example.com', cells: ['zoë@example.com', 'Zoë Ærø €5'] },
  { row: 3, address: 'ann@example.com', cells: ['ann@example.com', 'Müller, Ann'] },
];

function utf16(text: string, order: 'le' | 'be', bom: boolean): Buffer {
  const bytes = Buffer.from(bom ? `\ufeff${text}` : text, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
}

function windows1252(text: string): Buffer {
  return Buffer.from(text.replaceAll('€', '\u0080'), 'latin1');
}

const files: readonly [what: string, bytes: Buffer, encoding: string, bom: boolean][] = [
  ['UTF-8', Buffer.from(TEXT), 'utf-8', false],
  ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${TEXT}`), 'utf-8', true],
  ['UTF-16 LE with a byte order mark', utf16(TEXT, 'le', true), 'utf-16le', true],
  ['UTF-16 BE with a byte order mark', utf16(TEXT, 'be', true), 'utf-16be', true],
  ['UTF-16 LE without one', utf16(TEXT, 'le', false), 'utf-16le', false],
  ['UTF-16 BE without one', utf16(TEXT, 'be', false), 'utf-16be', false],
  ['Windows-1252', windows1252(TEXT), 'windows-1252', false],
];

for (const [what, bytes, encoding, bom] of files) {
  for (const chunkBytes of [1, 3, 65_536]) {
    test(`${what} is recognised and read, ${chunkBytes} bytes at a time`, async (t) => {
      const { list } = await listOf(t, bytes, { chunkBytes });
      assert.deepEqual(list.dialect, { delimiter: ',', encoding, bom });
      assert.deepEqual(await rowsOfList(list), ROWS);
      assert.deepEqual(await rowsOfList(list), ROWS, 'also when read again');
    });
  }
}

test('a row that is not UTF-8, in a file that is, is read as Windows-1252 and no other row is', async (t) => {
  const utf8Row = Buffer.from('zoë@example.com,Zoë\n');
  const rows = Array.from({ length: 20_000 }, () => utf8Row);
  const odd = windows1252('ann@example.com,Müller €5\n');
  const { list } = await listOf(t, Buffer.concat([Buffer.from('email,name\n'), ...rows, odd, utf8Row]));
  assert.equal(list.dialect.encoding, 'utf-8');
  const read = await rowsOfList(list);
  assert.deepEqual(read.at(-2), { row: 20_002, address: 'ann@example.com', cells: ['ann@example.com', 'Müller €5'] });
  assert.deepEqual(read.at(-1)?.cells, ['zoë@example.com', 'Zoë']);
  assert.equal(list.counts.windows1252Rows, 1);
});

test('every byte of Windows-1252 has its own character and none is the replacement character', () => {
  const text = windows1252ToUtf8(Uint8Array.from({ length: 256 }, (_, byte) => byte)).toString();
  assert.equal(new Set(text).size, 256);
  assert.ok(!text.includes('\ufffd'));
  assert.equal(text.slice(0x80, 0x88), '€\u0081‚ƒ„…†‡');
  assert.equal(text.slice(0xa0, 0xa3), '\u00a0¡¢');
});

test('UTF-8 asked for and not met is an error that names the row', async (t) => {
  const { list } = await listOf(t, windows1252('email,name\na@example.com,A\nb@example.com,\xfc\n'), {
    encoding: 'utf8',
  }).catch((error: unknown) => ({ list: error }));
  assert.ok(list instanceof MailgateError);
  assert.equal(list.kind, 'input');
  assert.match(list.message, /row 3 of list\.csv is not valid UTF-8/);
});

test('an encoding asked for is obeyed: any label of the WHATWG standard', async (t) => {
  const cyrillic = Buffer.from([...Buffer.from('email,name\na@example.com,'), 0xc0, 0xed, 0xed, 0xe0, 0x0a]);
  const { list } = await listOf(t, cyrillic, { encoding: 'cp1251' });
  assert.deepEqual((await rowsOfList(list))[0]?.cells, ['a@example.com', 'Анна']);
  const latin = await listOf(t, Buffer.from('email,name\na@example.com,Ã¶\n'), { encoding: 'latin1' });
  assert.deepEqual((await rowsOfList(latin.list))[0]?.cells, ['a@example.com', 'ÃƒÂ¶'], 'though it is valid UTF-8');
});

test('a multi-byte encoding may be cut anywhere', async (t) => {
  const shiftJis = Buffer.from([...Buffer.from('email,name\na@example.com,'), 0x8e, 0x52, 0x93, 0x63, 0x0a]);
  for (const chunkBytes of [1, 2, 3, 5]) {
    const { list } = await listOf(t, shiftJis, { encoding: 'shift_jis', chunkBytes });
    assert.deepEqual((await rowsOfList(list))[0]?.cells, ['a@example.com', '山田']);
  }
});

const refused: readonly [head: Buffer, wanted: string | undefined, kind: string, message: RegExp, why: string][] = [
  [Buffer.from('a'), 'klingon', 'usage', /no encoding called 'klingon'/, 'an unknown name'],
  [utf16('email', 'le', true), 'utf-8', 'input', /byte order mark of utf-16le/, 'the mark says otherwise'],
  [Buffer.from('\ufeffemail'), 'windows-1252', 'input', /byte order mark of utf-8/, 'the mark says otherwise'],
  [Buffer.from([0xff, 0xfe, 0, 0, 97, 0, 0, 0]), undefined, 'input', /UTF-32/, 'nobody writes lists in it'],
];

for (const [head, wanted, kind, message, why] of refused) {
  test(`encoding ${wanted ?? 'to be found'} for ${head.toString('hex').slice(0, 16)} is refused: ${why}`, () => {
    assert.throws(
      () => chooseEncoding(head, { name: 'list.csv', wanted }),
      (error: unknown) => error instanceof MailgateError && error.kind === kind && message.test(error.message),
    );
  });
}
