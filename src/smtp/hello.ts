// Says EHLO, or HELO to a mail host that does not know it, and reads what the host offers.
import { commandLine } from './command.ts';
import type { Connection } from './connection.ts';
import { type Exchange, isReply } from './exchange.ts';
import { type Extensions, parseExtensions } from './extensions.ts';
import type { SessionTimeouts } from './timeouts.ts';

export interface Hello {
  readonly exchange: Exchange;
  readonly verb: 'EHLO' | 'HELO';
  readonly extensions: Extensions;
}

/**
 * EHLO, or HELO where the host does not know it (RFC 5321 sections 3.2 and 4.3.2). Every other refusal, as a 550, is
 * meant for us and would not become milder by asking again.
 */
export async function sayHello(
  connection: Connection,
  ehloCommand: string,
  options: { readonly heloName: string; readonly timeouts: SessionTimeouts },
): Promise<Hello> {
  const ehlo = await connection.exchange(ehloCommand, options.timeouts.ehloMs);
  if (ehlo.status === 'replied' && [500, 501, 502, 504].includes(ehlo.reply.code)) {
    const heloCommand = commandLine({ verb: 'HELO', name: options.heloName });
    const helo = await connection.exchange(heloCommand, options.timeouts.ehloMs);
    return { exchange: helo, verb: 'HELO', extensions: new Map() };
  }
  const extensions: Extensions = isReply(ehlo, 250) ? parseExtensions(ehlo.reply.text) : new Map();
  return { exchange: ehlo, verb: 'EHLO', extensions };
}
