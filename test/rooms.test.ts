// Fails when a room imports what the map of rooms (ARCHITECTURE.md) does not allow it, and says which rule was broken.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const SRC = join(import.meta.dirname, '..', 'src');

const MAY_IMPORT: Record<string, readonly string[]> = {
  address: [],
  list: [],
  dns: [],
  smtp: [],
  store: [],
  sandbox: [], // were it to share a parser with the client, one bug would hide the other
  feedback: ['smtp/meaning.ts'], // a bounce quotes the same replies
  verify: ['address/', 'dns/', 'smtp/'],
  doctor: ['dns/', 'smtp/', 'store/'],
  web: ['verify/', 'address/', 'feedback/', 'store/'],
  cli: ['address/', 'list/', 'dns/', 'smtp/', 'feedback/', 'store/', 'verify/', 'web/', 'sandbox/', 'doctor/'],
};

const PACKAGE_OWNERS: Record<string, readonly string[]> = {
  commander: ['cli'],
  chalk: ['cli'],
  'cli-progress': ['cli'],
  'smol-toml': ['cli'],
  'csv-parse': ['list'],
  'csv-stringify': ['list'],
  'better-sqlite3': ['store'],
  socks: ['smtp'],
  'p-limit': ['verify'],
  'dns-packet': ['dns', 'sandbox'],
  tldts: ['dns', 'address'],
  tr46: ['address'],
  'disposable-email-domains-js': ['address'],
  'email-providers': ['address'],
  'postal-mime': ['feedback'],
  saxes: ['feedback'],
  yauzl: ['feedback'],
  'node:dgram': ['dns', 'sandbox'],
  'node:net': ['smtp', 'sandbox', 'dns'],
  'node:tls': ['smtp', 'sandbox'],
};

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(SRC, name));

function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)/g)].map(
    (match) => (match[1] ?? match[2]) as string,
  );
}

for (const file of files) {
  const name = relative(SRC, file);
  const room = name.includes('/') ? name.slice(0, name.indexOf('/')) : null;
  test(`${name} imports only what its room may`, () => {
    for (const target of importsOf(file)) {
      if (target.startsWith('.')) {
        const imported = relative(SRC, join(dirname(file), target));
        if (!imported.includes('/')) continue; // the root words
        if (room !== null && imported.startsWith(`${room}/`)) continue;
        assert.ok(room !== null, `${name}: the root words import nothing, but this imports ${imported}`);
        const allowed = MAY_IMPORT[room];
        assert.ok(allowed, `${name}: '${room}' is no room of the map; write its sentence in ARCHITECTURE.md first`);
        assert.ok(
          allowed.some((prefix) => imported.startsWith(prefix)),
          `${name}: room '${room}' may not import ${imported}; let verify or cli connect the two`,
        );
      } else {
        const owners =
          PACKAGE_OWNERS[target.startsWith('node:') ? target : (/^(@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target)];
        if (owners === undefined) {
          assert.ok(target.startsWith('node:'), `${name}: '${target}' is not among the project's packages`);
          continue;
        }
        assert.ok(
          room !== null && owners.includes(room),
          `${name}: '${target}' belongs to ${owners.join(' and ')}, one outside package has one room`,
        );
      }
    }
  });
}
