// Standard input kept in a private file.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { spoolToFile } from '../../src/list/spool.ts';
import { freshFolder } from './list-files.ts';

test('a stream is kept whole in a file of its owner, until it is disposed of', async (t) => {
  const folder = freshFolder(t);
  const file = await spoolToFile(Readable.from([Buffer.from('email\n'), Buffer.from('a@x.com\n')]), folder);
  assert.equal(readFileSync(file.path, 'utf8'), 'email\na@x.com\n');
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  await file.dispose();
  await file.dispose();
  assert.deepEqual(readdirSync(folder), []);
});

test('a stream that fails leaves no file behind', async (t) => {
  const folder = freshFolder(t);
  const broken = new Readable({ read: () => {} });
  broken.push('email\n');
  broken.destroy(Object.assign(new Error('gone'), { code: 'EIO' }));
  await assert.rejects(spoolToFile(broken, folder), MailgateError);
  assert.deepEqual(readdirSync(folder), []);
});

test('a folder that is not there is an error of ours', async (t) => {
  const folder = join(freshFolder(t), 'missing');
  await assert.rejects(
    spoolToFile(Readable.from([]), folder),
    (error: unknown) => error instanceof MailgateError && error.kind === 'output',
  );
});
