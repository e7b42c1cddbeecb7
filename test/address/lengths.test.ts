// The limits of RFC 5321 section 4.5.3.1, met exactly and exceeded by one, in every form an address can be counted in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { screenAddress } from '../../src/address/screen.ts';
import type { SyntaxReason } from '../../src/address/syntax-reasons.ts';

/** A domain of exactly `length` ASCII characters, in labels of 50. */
function domainOf(length: number): string {
  let domain = 'org';
  while (domain.length < length) {
    const room = length - domain.length - 1;
    domain = `${'d'.repeat(room === 51 ? 49 : Math.min(50, room))}.${domain}`;
  }
  assert.equal(domain.length, length);
  return domain;
}

const hebrew = '\ufb2c'; // 3 octets, 6 after NFC

const cases: readonly (readonly [cell: string, reason: SyntaxReason | 'good', why: string])[] = [
  [`${'l'.repeat(63)}@example.org`, 'good', 'local part of 63'],
  [`${'l'.repeat(64)}@example.org`, 'good', 'local part of 64'],
  [`${'l'.repeat(65)}@example.org`, 'local_too_long', 'local part of 65'],
  [`${'é'.repeat(32)}@example.org`, 'good', '64 octets in 32 characters'],
  [`${'é'.repeat(32)}l@example.org`, 'local_too_long', '65 octets in 33 characters'],
  [`${'e\u0301'.repeat(22)}@example.org`, 'local_too_long', '66 octets as typed, though 44 by NFC'],
  [`${hebrew}${'1'.repeat(58)}@example.org`, 'good', '64 octets after NFC'],
  [`${hebrew}${'1'.repeat(59)}@example.org`, 'local_too_long', '62 octets as typed, 65 after NFC'],
  [`"${'l '.repeat(31)}"@example.org`, 'good', '64 octets with the quotes'],
  [`"${'l '.repeat(31)}l"@example.org`, 'local_too_long', '65 octets with the quotes'],
  [`joe@${'d'.repeat(63)}.org`, 'good', 'label of 63'],
  [`joe@${'d'.repeat(64)}.org`, 'label_too_long', 'label of 64'],
  [`joe@example.${'d'.repeat(63)}`, 'good', 'last label of 63'],
  [`joe@example.${'d'.repeat(64)}`, 'label_too_long', 'last label of 64'],
  [`joe@ü${'d'.repeat(55)}.org`, 'good', 'A-label of 63'],
  [`joe@ü${'d'.repeat(58)}.org`, 'label_too_long', 'label of 59 letters, longer as an A-label'],
  [`j@${domainOf(252)}`, 'good', 'address of 254'],
  [`j@${domainOf(253)}`, 'address_too_long', 'domain of 253 fits, the address has 255'],
  [`j@${domainOf(254)}`, 'domain_too_long', 'domain of 254'],
  [`joe@${domainOf(250)}`, 'good', 'address of 254 with a longer name'],
  [`joe@${domainOf(251)}`, 'address_too_long', 'address of 255 with a longer name'],
  [`zoë@${domainOf(250)}`, 'address_too_long', '254 characters, 255 octets'],
  [`${hebrew}@${domainOf(249)}`, 'address_too_long', '253 octets as typed, 256 after NFC'],
  [`joe@ü.${domainOf(243)}`, 'address_too_long', '249 characters as typed, 255 with an A-label'],
  [`joe@${'例'.repeat(15)}.${domainOf(195)}`, 'good', 'U-label within the limit'],
  ['x'.repeat(1025), 'address_too_long', 'more than any cell with an address'],
];
for (const [cell, reason, why] of cases) {
  test(`lengths: ${why} is ${reason}`, () => {
    const screening = screenAddress(cell);
    assert.equal(screening.valid ? 'good' : screening.reason, reason);
  });
}
