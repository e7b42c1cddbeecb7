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
  /** Delayed answers, where those to one pipelined group count once; the goodbye is counted apart. */
  waits: number;
  goodbyes: number;
  /** Most connections at one instant to one operator that has an address of its own. */
  peakPerOperator: number;
  /** When the last connection ended, and the first began, by this process's monotonic clock. */
  firstAtMs: number;
  lastAtMs: number;
}

export interface LeanSmtp {
  readonly port: number;
  readonly counts: LeanCounts;
}

interface Conversation {
  readonly socket: Socket;
  /** The beginning of a line whose end has not come. */
  rest: string;
}

interface Due {
  readonly socket: Socket;
  readonly text: string;
  readonly isLast: boolean;
}

const BANNER = '220 sink.test ESMTP\r\n';
const ACCEPTED = '250 2.1.5 Ok\r\n';

/** Listens on every address of the world, all on one port. */
export async function serveLeanSmtp(options: { latencyMs: number; pipelining: boolean }): Promise<LeanSmtp> {
  const counts = newCounts();
  const line = new DelayLine<Due>(options.latencyMs, ({ socket, text, isLast }) => {
    if (isLast) socket.end(text, 'latin1');
    else socket.write(text, 'latin1');
  });
  const ehlo = `250-sink.test\r\n${options.pipelining ? '250-PIPELINING\r\n' : ''}250 ENHANCEDSTATUSCODES\r\n`;
  let port = 0;
  for (const [index, address] of ADDRESSES.entries()) {
    const open = { now: 0, isOperator: index < OPERATORS };
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
  readonly open: { now: number; readonly isOperator: boolean };
}

function converse(socket: Socket, desk: Desk): void {
  const { counts, line, open } = desk;
  const conversation: Conversation = { socket, rest: '' };
  opened(counts, open);
  socket.on('error', () => {}); // a reset by the client; 'close' follows
  socket.on('close', () => {
    open.now -= 1;
    counts.open -= 1;
    counts.lastAtMs = performance.now();
  });
  socket.on('data', (chunk) => answer(conversation, chunk.toString('latin1'), desk));
  counts.waits += 1;
  line.put({ socket, text: BANNER, isLast: false });
}

function opened(counts: LeanCounts, open: Desk['open']): void {
  if (counts.connections === 0) counts.firstAtMs = performance.now();
  counts.connections += 1;
  counts.open += 1;
  counts.peakOpen = Math.max(counts.peakOpen, counts.open);
  open.now += 1;
  if (open.isOperator) counts.peakPerOperator = Math.max(counts.peakPerOperator, open.now);
}

/** One delayed write for all that came in one read: a pipelined group is answered as one, as real servers do. */
function answer(conversation: Conversation, chunk: string, { counts, line, ehlo }: Desk): void {
  const text = conversation.rest + chunk;
  let replies = '';
  let isLast = false;
  let start = 0;
  for (let end = text.indexOf('\r\n'); end !== -1 && !isLast; end = text.indexOf('\r\n', start)) {
    const verb = text.slice(start, start + 4);
    if (verb === 'RCPT') {
      counts.recipients += 1;
      const at = text.indexOf('@', start);
      replies += isKnownUser(text.slice(start + 9, at)) ? ACCEPTED : `550 5.1.1 User unknown\r\n`;
    } else if (verb === 'QUIT') {
      replies += '221 2.0.0 Bye\r\n';
      isLast = true;
    } else {
      replies += verb === 'EHLO' ? ehlo : verb === 'MAIL' ? '250 2.1.0 Ok\r\n' : '502 5.5.2 Not here\r\n';
    }
    start = end + 2;
  }
  conversation.rest = text.slice(start);
  if (replies === '') return;
  if (isLast) counts.goodbyes += 1;
  else counts.waits += 1;
  line.put({ socket: conversation.socket, text: replies, isLast });
}

function newCounts(): LeanCounts {
  return {
    connections: 0,
    open: 0,
    peakOpen: 0,
    recipients: 0,
    waits: 0,
    goodbyes: 0,
    peakPerOperator: 0,
    firstAtMs: 0,
    lastAtMs: 0,
  };
}
