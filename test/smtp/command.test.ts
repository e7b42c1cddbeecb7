// Every command line that may go out, and what must never become one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Command, commandLine } from '../../src/smtp/command.ts';

const rcpt = (local: string, domain = 'example.test', smtputf8 = false): Command => ({
  verb: 'RCPT',
  recipient: { local, domain },
  smtputf8,
});

const lines: readonly (readonly [command: Command, line: string])[] = [
  [{ verb: 'EHLO', name: 'client.example.test' }, 'EHLO client.example.test'],
  [{ verb: 'HELO', name: '[192.0.2.1]' }, 'HELO [192.0.2.1]'],
  [{ verb: 'EHLO', name: '[IPv6:2001:db8::1]' }, 'EHLO [IPv6:2001:db8::1]'],
  [{ verb: 'MAIL', sender: null, smtputf8: false }, 'MAIL FROM:<>'],
  [{ verb: 'MAIL', sender: null, smtputf8: true }, 'MAIL FROM:<> SMTPUTF8'],
  [{ verb: 'MAIL', sender: { local: 'a+b', domain: 'x.test' }, smtputf8: false }, 'MAIL FROM:<a+b@x.test>'],
  [{ verb: 'QUIT' }, 'QUIT'],
  [rcpt('Jane.Doe'), 'RCPT TO:<Jane.Doe@example.test>'],
  [rcpt("o'neil/x=y!#$%&*+-?^_`{|}~"), "RCPT TO:<o'neil/x=y!#$%&*+-?^_`{|}~@example.test>"],
  [rcpt('"a b"'), 'RCPT TO:<"a b"@example.test>'],
  [rcpt('"a>b@c"'), 'RCPT TO:<"a>b@c"@example.test>'],
  [rcpt('"a\\"\\\\b"'), 'RCPT TO:<"a\\"\\\\b"@example.test>'],
  [rcpt('用户', 'xn--fsqu00a.test', true), 'RCPT TO:<用户@xn--fsqu00a.test>'],
];

for (const [command, line] of lines) {
  test(`builds ${line}`, () => assert.equal(commandLine(command), line));
}

const forbidden: readonly (readonly [command: Command, why: string])[] = [
  [rcpt('a\r\nDATA'), 'CRLF would begin a second command'],
  [rcpt('a\nb'), 'so would LF on many hosts'],
  [rcpt('a\rb'), 'and CR on some'],
  [rcpt('a\0b'), 'NUL'],
  [rcpt('"a\r\nb"'), 'CRLF in quotes'],
  [rcpt('"a\\\nb"'), 'an escaped LF'],
  [rcpt('a>b'), 'it would end the path'],
  [rcpt('a b'), 'a space'],
  [rcpt('a@b'), 'a second @'],
  [rcpt('a"b'), 'a lone quote'],
  [rcpt('"a'), 'an unclosed quote'],
  [rcpt('"a"b"'), 'a quote in quotes'],
  [rcpt('"a\\"'), 'a quote closed by an escaped one'],
  [rcpt('a\\b'), 'a backslash outside quotes'],
  [rcpt(''), 'nothing'],
  [rcpt('a\x85b', 'x.test', true), 'NEL, a C1 control'],
  [rcpt('a\ud800', 'x.test', true), 'half a surrogate pair, which no encoding holds'],
  [rcpt('用户'), 'UTF-8 without SMTPUTF8'],
  [rcpt('a', 'x.test> SIZE=1'), 'a domain that ends the path'],
  [rcpt('a', 'x.test\r\n'), 'a domain with CRLF'],
  [rcpt('a', 'bücher.test', true), 'a domain that is not in A-labels'],
  [rcpt('a', ''), 'no domain'],
  [{ verb: 'EHLO', name: 'x y' }, 'a name with a space'],
  [{ verb: 'EHLO', name: '' }, 'no name'],
  [{ verb: 'MAIL', sender: { local: 'ä', domain: 'x.test' }, smtputf8: false }, 'a sender in UTF-8 without SMTPUTF8'],
];

for (const [command, why] of forbidden) {
  test(`throws for ${JSON.stringify(command)}: ${why}`, () => {
    assert.throws(() => commandLine(command), TypeError);
  });
}

test('whatever a recipient holds, a line is one line with one path', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc
      .array(fc.constantFrom('a', '"', '\\', '>', '<', '@', ' ', '\r', '\n', '\0', 'ä'), { maxLength: 8 })
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, fc.oneof(text, fc.constant('x.test')), fc.boolean(), (local, domain, smtputf8) => {
      let line: string;
      try {
        line = commandLine(rcpt(local, domain, smtputf8));
      } catch (error) {
        assert.ok(error instanceof TypeError);
        return;
      }
      assert.doesNotMatch(line, /[\r\n\0]/);
      // Read as a host would: a quoted string or plain characters, one @, the domain, and the bracket at the very end.
      assert.match(line, /^RCPT TO:<(?:"(?:[^"\\]|\\.)*"|[^"\\<>@ ]+)@[^<>@ "]+>$/u);
    }),
    { numRuns: 1000 },
  );
});
