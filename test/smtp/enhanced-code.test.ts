// Where an enhanced status code may be found in a reply, and where digits are something else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enhancedCodeOf } from '../../src/smtp/enhanced-code.ts';

const cases: readonly (readonly [code: number, text: string, expected: string | null, why: string])[] = [
  [550, '5.1.1 No such user', '5.1.1', 'it begins the text (RFC 2034 section 4)'],
  [250, '2.1.5 Ok', '2.1.5', 'successes have them too'],
  [550, '5.7.606 Access denied', '5.7.606', 'three digits at the end (Microsoft)'],
  [550, '5.1.1', '5.1.1', 'the code alone'],
  [550, '5.1.1: unknown', '5.1.1', 'a colon may follow'],
  [550, ' 5.1.1 unknown', '5.1.1', 'two spaces behind the basic code'],
  [550, 'sorry\n5.1.1 no such user', '5.1.1', 'on a later line only'],
  [550, '5.7.1 first\n5.1.1 second', '5.7.1', 'the first line wins'],
  [550, '#5.1.0 Address rejected.', '5.1.0', 'Cisco'],
  [553, 'sorry, no mailbox here by that name. (#5.1.1)', '5.1.1', 'qmail'],
  [511, 'sorry, no mailbox here by that name (#5.1.1 - chkuser)', '5.1.1', 'chkuser'],
  [550, 'User unknown (5.1.1)', '5.1.1', 'round brackets'],
  [550, 'User unknown [5.1.1]', '5.1.1', 'square brackets'],
  [450, '5.1.1 No such user', null, 'the class contradicts the basic code'],
  [550, '4.7.1 try later\n5.7.1 denied', '5.7.1', 'a contradicting one does not hide one that fits'],
  [450, '4.1.1 host said: 550 5.1.1 unknown', '4.1.1', 'a nested reply is a quotation'],
  [550, 'host said: 550 5.1.1 unknown', null, 'nowhere else in the text'],
  [550, 'blocked by filter version 5.1.1 here', null, 'a version'],
  [550, '5.1.1.7 is listed', null, 'the beginning of an IP address'],
  [550, 'client [5.1.1.7] is listed', null, 'an IP address in brackets'],
  [550, '5.1.1@example.test unknown', null, 'an address'],
  [550, '5.1.1234 no', null, 'detail has three digits at most (RFC 3463 section 2)'],
  [550, '5.1 no', null, 'two parts are none'],
  [550, '3.1.1 no', null, 'class 3 does not exist'],
  [550, 'no\r5.1.1 such user', null, 'a bare CR begins no line'],
  [550, 'no\u20285.1.1 such user', null, 'nor does a Unicode line separator'],
  [550, '', null, 'no text'],
];

for (const [code, text, expected, why] of cases) {
  test(`${code} ${JSON.stringify(text)} has the enhanced code ${expected}: ${why}`, () => {
    assert.equal(enhancedCodeOf(code, text), expected);
  });
}
