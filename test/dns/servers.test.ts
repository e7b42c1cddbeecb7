// Tests src/dns/servers.ts: which servers an option or a resolv.conf names.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseServer, readSystemServers, systemServers } from '../../src/dns/servers.ts';
import { MailgateError } from '../../src/errors.ts';

const good: [string, string, number][] = [
  ['192.0.2.53', '192.0.2.53', 53],
  ['192.0.2.53:5353', '192.0.2.53', 5353],
  ['2001:db8::53', '2001:db8::53', 53],
  ['[2001:db8::53]', '2001:db8::53', 53],
  ['[2001:db8::53]:5353', '2001:db8::53', 5353],
  ['[fe80::1%eth0]:53', 'fe80::1%eth0', 53],
  ['LOCALHOST:5353', '127.0.0.1', 5353],
];
for (const [text, address, port] of good) {
  test(`--dns ${text} means ${address}, port ${port}`, () => {
    assert.deepEqual(parseServer(text), { address, port });
  });
}

const bad = [
  '',
  ':53',
  'dns.example.test',
  '192.0.2',
  '192.0.2.53:',
  '192.0.2.53:0',
  '192.0.2.53:65536',
  '192.0.2.53:x',
  '[192.0.2.53]:53',
  '[::1',
  '::1]:53',
  '192.0.2.53 ',
  'http://192.0.2.53',
];
for (const text of bad) {
  test(`--dns "${text}" is refused with a hint`, () => {
    assert.throws(
      () => parseServer(text),
      (error) => error instanceof MailgateError && error.kind === 'usage' && error.hint !== null,
    );
  });
}

test('the nameserver lines of a resolv.conf count, in their order and once, and nothing else', () => {
  const text = `# made by hand
nameserver 192.0.2.1
  nameserver\t2001:db8::1   # the other one
;nameserver 192.0.2.9
#nameserver 192.0.2.8
nameserver fe80::1%eth0\r
nameserver 192.0.2.1
nameserver not.an.address
nameserver
search example.test nameserver 192.0.2.7
options edns0 ndots:5
`;
  assert.deepEqual(
    systemServers(text).map(({ address, port }) => `${address} ${port}`),
    ['192.0.2.1 53', '2001:db8::1 53', 'fe80::1%eth0 53'],
  );
});

test('a file without servers, or none at all, is a network error that points to --dns', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mailgate-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'resolv.conf');
  const isHelpful = (error: unknown) =>
    error instanceof MailgateError && error.kind === 'network' && /--dns/.test(error.hint ?? '');
  assert.throws(() => readSystemServers(path), isHelpful);
  writeFileSync(path, 'search example.test\n');
  assert.throws(() => readSystemServers(path), isHelpful);
  writeFileSync(path, 'nameserver 192.0.2.1\n');
  assert.deepEqual(readSystemServers(path), [{ address: '192.0.2.1', port: 53 }]);
});
