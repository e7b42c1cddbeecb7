// Which local parts name a function, which of them are dangerous, and that no name stands in the tables twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleOf } from '../../src/address/role.ts';
import { HIGH_RISK_NAMES, ROLE_NAMES } from '../../src/address/role-names.ts';

const cases: readonly (readonly [local: string, role: ReturnType<typeof roleOf>, why: string])[] = [
  ['info', 'role', 'RFC 2142'],
  ['INFO', 'role', 'case does not matter'],
  ['No-Reply', 'role', 'hyphens are dropped'],
  ['no.reply', 'role', 'dots are dropped'],
  ['do_not_reply', 'role', 'underscores are dropped'],
  ['sales+spring', 'role', 'tags are dropped'],
  ['Buchhaltung', 'role', 'German'],
  ['büro', 'role', 'German beyond ASCII'],
  ['accueil', 'role', 'French'],
  ['ventas', 'role', 'Spanish'],
  ['segreteria', 'role', 'Italian'],
  ['atendimento', 'role', 'Portuguese'],
  ['klantenservice', 'role', 'Dutch'],
  ['abuse', 'high_risk', 'reads complaints'],
  ['Postmaster', 'high_risk', 'reads complaints'],
  ['spam-trap', 'high_risk', 'catches senders'],
  ['joe', null, 'a person'],
  ['infos2go', null, 'only exact names count'],
  ['salesman.joe', null, 'a longer name'],
  ['+info', null, 'a tag without a name is the name'],
  ['constructor', null, 'a name of a property'],
  ['i'.repeat(5000), null, 'longer than any'],
];
for (const [local, role, why] of cases) {
  test(`${local.slice(0, 30)} is ${role ?? 'no role'}: ${why}`, () => assert.equal(roleOf(local), role));
}

test('no name stands in the tables twice, and each can be met', () => {
  const names = [...HIGH_RISK_NAMES, ...ROLE_NAMES];
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
  for (const name of names) assert.match(name, /^[\p{Ll}0-9]+$/u);
  for (const name of ROLE_NAMES) assert.equal(roleOf(name), 'role', name);
});
