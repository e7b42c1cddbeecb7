// The cache of mail hosts: alive until it expires, and bounded.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { openConnection } from '../../src/store/database.ts';
import { MailHostStore } from '../../src/store/mail-hosts-store.ts';
import { NOW, scratchFolder } from './scratch.ts';

interface Outcome {
  readonly status: string;
  readonly hosts?: readonly { readonly name: string; readonly addresses: readonly string[] }[];
}

function freshStore(
  t: TestContext,
  options: { maxEntries?: number } = {},
): { mailHosts: MailHostStore<Outcome>; path: string } {
  const connection = openConnection({ path: join(scratchFolder(t), 'store.sqlite') });
  t.after(() => connection.close());
  return { mailHosts: new MailHostStore<Outcome>(connection, options), path: connection.path };
}

const hosts: Outcome = { status: 'hosts', hosts: [{ name: 'mx1.list.test', addresses: ['192.0.2.1', '2001:db8::1'] }] };

test('an outcome comes back as it was until the moment it expires', (t) => {
  const { mailHosts } = freshStore(t);
  mailHosts.put({ domain: 'list.test', outcome: hosts, expiresAt: NOW });
  assert.deepEqual(mailHosts.get('list.test', NOW - 1), hosts);
  assert.equal(mailHosts.get('list.test', NOW), null);
  assert.equal(mailHosts.get('other.test', NOW - 1), null);
});

test('a newer answer replaces the older, also with a shorter life', (t) => {
  const { mailHosts } = freshStore(t);
  mailHosts.put({ domain: 'list.test', outcome: hosts, expiresAt: NOW + 100 });
  mailHosts.put({ domain: 'list.test', outcome: { status: 'domain_not_found' }, expiresAt: NOW + 10 });
  assert.deepEqual(mailHosts.get('list.test', NOW), { status: 'domain_not_found' });
  assert.equal(mailHosts.get('list.test', NOW + 50), null);
});

test('many domains are found in one call, without those that have expired', (t) => {
  const { mailHosts } = freshStore(t);
  const domains = Array.from({ length: 1200 }, (_, index) => `domain${index}.test`);
  mailHosts.putMany(domains.map((domain, index) => ({ domain, outcome: hosts, expiresAt: NOW + index })));
  const found = mailHosts.getMany([...domains, 'other.test'], NOW + 200);
  assert.equal(found.size, 999);
  assert.equal(found.has('domain200.test'), false);
  assert.deepEqual(found.get('domain201.test'), hosts);
});

test('beyond the bound, those that expire first make room', (t) => {
  const { mailHosts } = freshStore(t, { maxEntries: 100 });
  for (let index = 0; index < 300; index += 1) {
    mailHosts.put({ domain: `domain${index}.test`, outcome: hosts, expiresAt: NOW + index });
    assert.ok(mailHosts.count() <= 100);
  }
  assert.deepEqual(mailHosts.get('domain299.test', NOW), hosts);
  assert.equal(mailHosts.get('domain0.test', NOW - 1), null);
});

test('putting the same domain again and again drops no other', (t) => {
  const { mailHosts } = freshStore(t, { maxEntries: 3 });
  for (const domain of ['a.test', 'b.test']) mailHosts.put({ domain, outcome: hosts, expiresAt: NOW });
  for (let count = 0; count < 20; count += 1)
    mailHosts.put({ domain: 'c.test', outcome: hosts, expiresAt: NOW + count });
  assert.equal(mailHosts.count(), 3);
});

test('an outcome out of all proportion is not kept', (t) => {
  const { mailHosts } = freshStore(t);
  const addresses = Array.from({ length: 10_000 }, (_, index) => `192.0.2.${index}`);
  mailHosts.put({
    domain: 'list.test',
    outcome: { status: 'hosts', hosts: [{ name: 'm', addresses }] },
    expiresAt: NOW + 1,
  });
  assert.equal(mailHosts.count(), 0);
});

test('an outcome that cannot be read any more is asked again', (t) => {
  const { mailHosts, path } = freshStore(t);
  mailHosts.put({ domain: 'list.test', outcome: hosts, expiresAt: NOW + 1 });
  const other = new Database(path);
  other.exec("UPDATE mail_hosts SET outcome = '{'");
  other.close();
  assert.equal(mailHosts.get('list.test', NOW), null);
  assert.equal(mailHosts.getMany(['list.test'], NOW).size, 0);
});

test('pruning drops what has expired, however much that is', (t) => {
  const { mailHosts } = freshStore(t);
  mailHosts.putMany(
    Array.from({ length: 6000 }, (_, index) => ({ domain: `d${index}.test`, outcome: hosts, expiresAt: NOW + index })),
  );
  assert.equal(mailHosts.prune(NOW + 5499), 5500);
  assert.equal(mailHosts.count(), 500);
  assert.equal(mailHosts.forget('d5999.test'), true);
  assert.equal(mailHosts.forget('d5999.test'), false);
});
