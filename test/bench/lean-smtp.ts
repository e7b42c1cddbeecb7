// The mail hosts of the wide world: no more of SMTP than the client asks for, so that the client is what is measured.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { DelayLine } from './delay-line.ts';
import { ADDRESSES, isKnownUser, OPERATORS } from './wide-world.ts';

export interface LeanCounts {
  connections: number;
  open: number;
  peakOpen: number;
  /** Recipients asked about. */
  recipients: number;
  /** Of those, names that are none of the list's: asked to find out whether the domain accepts anything. */
  inventedNames: number;
  /** Delayed answers, where those to one pipelined group count once; the goodbye is counted apart. */
  waits: number;
  goodbyes: number;
  /** Most connections at one instant to one operator that has an address of its own. */
  peakPerOperator: number;
  /** Delayed answers of the operator that gave most of them, its goodbyes included. */
  mostOperatorWaits: number;
  /** When the first connection began and the last one ended, in milliseconds since the epoch. */
  firstAtMs: number;
  lastAtMs: number;
}

export interface LeanSmtp {
  readonly port: number;
  readonly counts: LeanCounts;
}

interface Conversation {
  readonly socket: Socket;
  isOver: boolean;
  /** The beginning of a line whose end has not come. */
  rest: string;
}

interface Due {
  readonly conversation: Conversation;
  readonly desk: Desk;
  readonly text: string;
  readonly isLast: boolean;
}

const BANNER = '220 sink.test ESMTP\r\n';
const ACCEPTED = '250 2.1.5 Ok\r\n';

/** Listens on every address of the world, all on one port. */
export async function serveLeanSmtp(options: { latencyMs: number; pipelining: boolean }): Promise<LeanSmtp> {
  const counts = newCounts();
  const line = new DelayLine<Due>(options.latencyMs, ({ conversation, desk, text, isLast }) => {
    if (isLast) over(conversation, desk);
    if (isLast) conversation.socket.end(text, 'latin1');
    else conversation.socket.write(text, 'latin1');
  });
  const ehlo = `250-sink.test\r\n${options.pipelining ? '250-PIPELINING\r\n' : ''}250 ENHANCEDSTATUSCODES\r\n`;
  let port = 0;
  for (const [index, address] of ADDRESSES.entries()) {
    const open = { now: 0, waits: 0, isOperator: index < OPERATORS };
    const server = createServer({ noDelay: true }, (socket) => converse(socket, { counts, line, ehlo, open }));
    server.listen({ port, host: address, backlog: 4096 });
    await once(server, 'listening');
    const bound = server.address();
    port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  }
  return { port, counts };
}

interface Desk {
  readonly counts: LeanCounts;
  readonly line: DelayLine<Due>;
  readonly ehlo: string;
  readonly open: { now: number; waits: number; readonly isOperator: boolean };
}

function converse(socket: Socket, desk: Desk): void {
  const { counts, line, open } = desk;
  const conversation: Conversation = { socket, isOver: false, rest: '' };
  opened(counts, open);
  socket.on('error', () => {}); // a reset by the client; 'close' follows
  socket.on('close', () => over(conversation, desk));
  socket.on('data', (chunk) => answer(conversation, chunk.toString('latin1'), desk));
  counts.waits += 1;
  countWait(desk);
  line.put({ conversation, desk, text: BANNER, isLast: false });
}

/** A server counts a client until it has said goodbye, as Postfix does; the last packets are the kernel's affair. */
function over(conversation: Conversation, { counts, open }: Desk): void {
  if (conversation.isOver) return;
  conversation.isOver = true;
  open.now -= 1;
  counts.open -= 1;
  counts.lastAtMs = Date.now();
}

function countWait({ open, counts }: Desk): void {
  open.waits += 1;
  if (open.isOperator) counts.mostOperatorWaits = Math.max(counts.mostOperatorWaits, open.waits);
}

function opened(counts: LeanCounts, open: Desk['open']): void {
  if (counts.connections === 0) counts.firstAtMs = Date.now();
  counts.connections += 1;
  counts.open += 1;
  counts.peakOpen = Math.max(counts.peakOpen, counts.open);
  open.now += 1;
  if (open.isOperator) counts.peakPerOperator = Math.max(counts.peakPerOperator, open.now);
}

/** One delayed write for all that came in one read: a pipelined group is answered as one, as real servers do. */
function answer(conversation: Conversation, chunk: string, desk: Desk): void {
  const { counts, line, ehlo } = desk;
  const text = conversation.rest + chunk;
  let replies = '';
  let isLast = false;
  let start = 0;
  for (let end = text.indexOf('\r\n'); end !== -1 && !isLast; end = text.indexOf('\r\n', start)) {
    const verb = text.slice(start, start + 4).toUpperCase(); // one of the peers writes them small
    if (verb === 'RCPT') {
      counts.recipients += 1;
      const local = text.slice(text.indexOf('<', start) + 1, text.indexOf('@', start));
      if (!local.startsWith('user')) counts.inventedNames += 1;
      replies += isKnownUser(local) ? ACCEPTED : '550 5.1.1 User unknown\r\n';
    } else if (verb === 'QUIT') {
      replies += '221 2.0.0 Bye\r\n';
      isLast = true;
    } else {
      replies +=
        verb === 'EHLO' || verb === 'HELO' ? ehlo : verb === 'MAIL' ? '250 2.1.0 Ok\r\n' : '502 5.5.2 Not here\r\n';
    }
    start = end + 2;
  }
  conversation.rest = text.slice(start);
  if (replies === '' || conversation.isOver) return;
  if (isLast) counts.goodbyes += 1;
  else counts.waits += 1;
  countWait(desk);
  line.put({ conversation, desk, text: replies, isLast });
}

function newCounts(): LeanCounts {
  return {
    connections: 0,
    open: 0,
    peakOpen: 0,
    recipients: 0,
    inventedNames: 0,
    waits: 0,
    goodbyes: 0,
    peakPerOperator: 0,
    mostOperatorWaits: 0,
    firstAtMs: 0,
    lastAtMs: 0,
  };
}
