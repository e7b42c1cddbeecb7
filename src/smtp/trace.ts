// Tells a dialogue to whoever wants to read it, made printable.
import type { Reply } from '../verdict.ts';
import { printable } from './printable.ts';

/** Hears the dialogue, made printable: what was sent, what was received, and what happened to the connection. */
export type Trace = (direction: 'sent' | 'received' | 'note', line: string) => void;

/** Tells a reply line by line, as it came. */
export function traceReply(reply: Reply, trace: Trace): void {
  const lines = reply.text.split('\n');
  for (const [index, line] of lines.entries()) {
    trace('received', printable(`${reply.code}${index < lines.length - 1 ? '-' : ' '}${line}`, 1000));
  }
}

/** Tells whom the connection stands to, and through which proxy. */
export function traceConnected(
  trace: Trace,
  to: { readonly name: string; readonly address: string; readonly port: number; readonly proxy: string | undefined },
): void {
  const through = to.proxy === undefined ? '' : ` through ${to.proxy}`;
  trace('note', printable(`connected to ${to.name} (${to.address} port ${to.port})${through}`, 500));
}
