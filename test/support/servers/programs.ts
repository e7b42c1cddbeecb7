// Knows where the real servers' programs are, and decides whether a test that needs them runs, is skipped or fails.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/**
 * Debian lets only one mail transport agent be installed, so all but Postfix are unpacked here, beside each other,
 * by `.ci/install-servers`.
 */
const UNPACKED =
  process.env['MAILGATE_TEST_SERVERS'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mailgate-test-servers');

export const PROGRAMS = {
  postfix: '/usr/sbin/postfix',
  postfixMaster: '/usr/lib/postfix/sbin/master',
  postgrey: '/usr/sbin/postgrey',
  unbound: '/usr/sbin/unbound',
  openssl: '/usr/bin/openssl',
  setpriv: '/usr/bin/setpriv',
  unshare: '/usr/bin/unshare',
  exim: join(UNPACKED, 'usr/sbin/exim4'),
  opensmtpd: join(UNPACKED, 'usr/sbin/smtpd'),
  sendmail: join(UNPACKED, 'usr/libexec/sendmail/sendmail'),
  sendmailMacros: join(UNPACKED, 'usr/share/sendmail/cf/m4/cf.m4'),
  m4: '/usr/bin/m4',
} as const;

/**
 * True where a test may start real servers. Where it may not, the test is marked as skipped with the reason, or failed
 * when `MAILGATE_SERVER_TESTS=required` says that this machine must have them.
 */
export function requireServers(t: TestContext): boolean {
  const obstacle = obstacleToServers();
  if (obstacle === null) return true;
  const required = process.env['MAILGATE_SERVER_TESTS'] === 'required';
  assert.ok(!required, `MAILGATE_SERVER_TESTS=required, but ${obstacle}`);
  t.skip(`real servers were not asked: ${obstacle}`);
  return false;
}

function obstacleToServers(): string | null {
  if (process.platform !== 'linux') return 'they run on Linux only (private mounts, 127.0.0.0/8)';
  if (process.getuid?.() !== 0) return 'mail servers must be started as root';
  const missing = Object.values(PROGRAMS).filter((path) => !existsSync(path));
  return missing.length === 0 ? null : `these programs are missing: ${missing.join(' ')} (run .ci/install-servers)`;
}
