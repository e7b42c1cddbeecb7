// Builds every command line that goes to a mail host, and lets nothing through that could end a line or a path early.

/** One mailbox as it stands between the angle brackets. */
export interface Mailbox {
  /** Dot-string or quoted string (RFC 5321 section 4.1.2), in the case it was typed in. */
  readonly local: string;
  /** A-labels, or an address literal in square brackets. */
  readonly domain: string;
}

export type Command =
  | { readonly verb: 'EHLO' | 'HELO'; readonly name: string }
  /** `sender` null is the null reverse-path `<>`. */
  | { readonly verb: 'MAIL'; readonly sender: Mailbox | null; readonly smtputf8: boolean }
  | { readonly verb: 'RCPT'; readonly recipient: Mailbox; readonly smtputf8: boolean }
  | { readonly verb: 'STARTTLS' | 'QUIT' };

/** RFC 5321 section 4.1.2 Dot-string, loosely, with what RFC 6531 adds: no controls, no space, no specials. */
const UNQUOTED = /^[^\p{Cc}\p{Cs} "(),:;<>@[\\\]]+$/u;
/** Quoted-string: a `>` or `@` is harmless in here, as a parser ends the string only at an unescaped quote. */
const QUOTED = /^"(?:[^\p{Cc}\p{Cs}"\\]|\\[\x20-\x7e])*"$/u;
/** Host names (underscores are seen in the wild) and address literals such as `[192.0.2.1]` and `[IPv6:2001:db8::1]`. */
const DOMAIN = /^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[a-z0-9:.-]+\])$/i;

/**
 * The command without its CRLF. Throws a TypeError for an address or a name that must never have come this far:
 * list cells are screened long before, so that is a bug and not a verdict.
 */
export function commandLine(command: Command): string {
  switch (command.verb) {
    case 'EHLO':
    case 'HELO':
      return `${command.verb} ${safeDomain(command.name)}`;
    case 'MAIL':
      return `MAIL FROM:${safePath(command.sender, command.smtputf8)}${command.smtputf8 ? ' SMTPUTF8' : ''}`;
    case 'RCPT':
      return `RCPT TO:${safePath(command.recipient, command.smtputf8)}`;
    case 'STARTTLS':
    case 'QUIT':
      return command.verb;
  }
}

/** True for text that needs SMTPUTF8 (RFC 6531) before it may be sent. */
export function needsSmtputf8(text: string): boolean {
  return /[^\x00-\x7f]/.test(text);
}

function safePath(mailbox: Mailbox | null, smtputf8: boolean): string {
  if (mailbox === null) return '<>';
  const { local } = mailbox;
  if (!UNQUOTED.test(local) && !QUOTED.test(local)) {
    throw new TypeError(`not a local part that may be sent: ${JSON.stringify(local)}`);
  }
  if (!smtputf8 && needsSmtputf8(local)) {
    throw new TypeError(`this local part needs SMTPUTF8, which this session does not use: ${JSON.stringify(local)}`);
  }
  return `<${local}@${safeDomain(mailbox.domain)}>`;
}

function safeDomain(domain: string): string {
  if (!DOMAIN.test(domain)) throw new TypeError(`not a domain that may be sent: ${JSON.stringify(domain)}`);
  return domain;
}
