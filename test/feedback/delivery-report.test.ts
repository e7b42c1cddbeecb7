import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inlineReport, readDeliveryReport } from '../../src/feedback/delivery-report.ts';

function recipients(text: string) {
  return readDeliveryReport(text)?.recipients ?? [];
}

function finals(text: string): (string | null)[] {
  return recipients(text).map(({ final, original }) => final ?? original);
}

const TWO = 'Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 first';
const SECOND = 'Final-Recipient: rfc822; b@x.example\nAction: failed\nStatus: 5.2.2';

const BLOCKS: readonly (readonly [string, string])[] = [
  [`Reporting-MTA: dns; mx\n\n${TWO}\n\n${SECOND}`, 'blocks apart'],
  [`Reporting-MTA: dns; mx\n${TWO}\n\n${SECOND}`, 'no line behind the first block'],
  [`${TWO}\n\n${SECOND}`, 'no first block'],
  [`Reporting-MTA: dns; mx\n\n${TWO}\n${SECOND}`, 'no line between recipients'],
  [`Reporting-MTA: dns; mx\n\n\n\n${TWO}\n \t\n\n${SECOND}\n\n`, 'extra and blank-looking lines'],
  [`Reporting-MTA: dns; mx\n\n${TWO.replaceAll('\n', '\n\n')}\n\n${SECOND}`, 'an empty line between all fields'],
];

for (const [text, why] of BLOCKS) {
  test(`two recipients are told apart: ${why}`, () => {
    assert.deepEqual(finals(text), ['a@x.example', 'b@x.example']);
    const [first, second] = recipients(text);
    assert.equal(first?.diagnostic, '550 first');
    assert.equal(second?.diagnostic, '', 'no recipient is given the diagnostic of another');
    assert.equal(second?.status, '5.2.2');
  });
}

test('the recipient may stand below other fields of its block', () => {
  assert.deepEqual(
    finals('Reporting-MTA: dns; mx\n\nAction: failed\nFinal-Recipient: rfc822; a@x.example\nStatus: 5.1.1'),
    ['a@x.example'],
  );
});

test('a space before the colon and odd types are forgiven', () => {
  const [one] = recipients(
    'Reporting-MTA : dns;mx\nAction : failed\nStatus : 5.0.0\nDiagnostic-Code : smtp;550 no\nOriginal-Recipient : rfc/822;a@x.example\nFinal-Recipient : rfc/822;a@x.example',
  );
  assert.deepEqual(
    [one?.final, one?.original, one?.action, one?.diagnostic],
    ['a@x.example', 'a@x.example', 'failed', '550 no'],
  );
});

test('Final-Recipient that is no address is kept as text', () => {
  const [one] = recipients(
    'Final-Recipient: LOCAL; |procmail\nOriginal-Recipient: rfc822; a@x.example\nAction: failed',
  );
  assert.deepEqual([one?.final, one?.finalText, one?.original], [null, '|procmail', 'a@x.example']);
});

test('folded lines, and lines that forgot to fold, belong to the field before', () => {
  const [one] = recipients(
    'Final-Recipient: rfc822; a@x.example\nDiagnostic-Code: smtp; 550 see\n  the list\nRecipient address does not exist\nAction: failed',
  );
  assert.equal(one?.diagnostic, '550 see the list Recipient address does not exist');
  assert.equal(one?.action, 'failed');
});

const ACTIONS: readonly (readonly [string, string | null])[] = [
  ['Action: failed', 'failed'],
  ['Action: Failure', 'failed'],
  ['Action: FAILED (address unknown)', 'failed'],
  ['Action: delayed', 'delayed'],
  ['Action: expired', 'delayed'],
  ['Action: deliverable', 'delivered'],
  ['Action: relayed', 'relayed'],
  ['Action: expanded', 'expanded'],
  ['Status: 5.1.1', 'failed'],
  ['Status: 2.1.5', 'delivered'],
  ['Action: ?', null],
];

for (const [field, action] of ACTIONS) {
  test(`"${field}" is ${action}`, () => {
    assert.equal(recipients(`Final-Recipient: rfc822; a@x.example\n${field}`)[0]?.action, action);
  });
}

test('a status may have words behind it; a reply code is none', () => {
  const one = (status: string) => recipients(`Final-Recipient: rfc822; a@x.example\nStatus: ${status}`)[0];
  assert.deepEqual(
    [one('5.0.0 (permanent failure)')?.status, one('5.0.0 (permanent failure)')?.statusComment],
    ['5.0.0', '(permanent failure)'],
  );
  assert.equal(one('553')?.status, null);
});

test('the type of the diagnostic is told apart, and may be missing', () => {
  const one = (code: string) => recipients(`Final-Recipient: rfc822; a@x.example\nDiagnostic-Code: ${code}`)[0];
  assert.deepEqual([one('X-Unix; 71')?.diagnosticType, one('X-Unix; 71')?.diagnostic], ['x-unix', '71']);
  assert.deepEqual([one('550 a; b')?.diagnosticType, one('550 a; b')?.diagnostic], ['', '550 a; b']);
});

test('fields in a text are found, also quoted', () => {
  const fields = 'Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@x.example\nAction: failed';
  for (const text of [`Technical report:\n\n${fields}\n\nReceived: by x`, `Look:\n${fields.replace(/^/gm, '> ')}`]) {
    assert.deepEqual(finals(inlineReport(text) ?? ''), ['a@x.example'], text);
  }
  assert.equal(inlineReport('Final-Recipient is a field of reports.'), null);
});

test('text without any field is no report', () => {
  assert.equal(readDeliveryReport('Hello\nthere: you'), null);
});
