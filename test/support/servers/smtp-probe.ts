// Talks SMTP by hand to a server under test. It shares no code with the product, so that one bug cannot hide the other.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** The loopback address to call from; left out: 127.0.0.1. */
  readonly caller?: string;
}

/** How long a reply may take on a busy machine; longer than any delay that a server under test is told to make. */
const REPLY_DEADLINE_MS = 20_000;

/** One conversation; each reply is its lines joined with "\n", codes included. */
export interface SmtpConversation {
  readonly banner: string;
  /** Sends one line and waits for its complete reply. */
  say(line: string): Promise<string>;
  /** Waits for a reply that no line asked for. */
  hear(): Promise<string>;
  close(): void;
}

/** Connects and reads the banner. */
export async function openConversation(endpoint: Endpoint): Promise<SmtpConversation> {
  const { address, port, caller } = endpoint;
  const socket = connect({ host: address, port, ...(caller !== undefined && { localAddress: caller }) });
  await once(socket, 'connect');
  const replies = readReplies(socket);
  const next = async () => (await replies.next()).value ?? '';
  const banner = await next();
  return {
    banner,
    async say(line) {
      socket.write(`${line}\r\n`);
      return await next();
    },
    hear: next,
    close: () => socket.destroy(),
  };
}

/** Says all lines in turn, waiting for each reply, after EHLO and before QUIT; returns the replies to the lines alone. */
export async function talkSmtp(endpoint: Endpoint, lines: readonly string[]): Promise<readonly string[]> {
  const conversation = await openConversation(endpoint);
  try {
    await conversation.say('EHLO probe.client.test');
    const replies: string[] = [];
    for (const line of lines) replies.push(await conversation.say(line));
    await conversation.say('QUIT');
    return replies;
  } finally {
    conversation.close();
  }
}

/** The replies to RCPT of each recipient, asked in one transaction from `verify@client.test`. */
export async function askRecipients(endpoint: Endpoint, recipients: readonly string[]): Promise<readonly string[]> {
  const lines = ['MAIL FROM:<verify@client.test>', ...recipients.map((recipient) => `RCPT TO:<${recipient}>`)];
  return (await talkSmtp(endpoint, lines)).slice(1);
}

/** Connects, waits for the whole banner, whatever it says, and leaves; rejects where there is none. */
export async function expectBanner(endpoint: Endpoint): Promise<void> {
  const conversation = await openConversation(endpoint);
  try {
    if (conversation.banner === '') throw new Error(`${endpoint.address} closed without a banner`);
    await conversation.say('QUIT');
  } finally {
    conversation.close();
  }
}

/** Whole replies as they come; ends with the connection. */
async function* readReplies(socket: Socket): AsyncGenerator<string, undefined> {
  socket.setTimeout(REPLY_DEADLINE_MS, () => socket.destroy(new Error('the server did not reply in time')));
  let rest = '';
  let reply: string[] = [];
  for await (const chunk of socket.setEncoding('utf8')) {
    rest += chunk as string;
    const lines = rest.split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      reply.push(line);
      if (line[3] === '-') continue;
      yield reply.join('\n');
      reply = [];
    }
  }
  return undefined;
}
