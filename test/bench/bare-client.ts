// Says the words of a session over bare sockets and reads no reply: what this machine leaves to any client written for Node.
import { connect } from 'node:net';

export interface BareRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export interface BareOptions {
  readonly port: number;
  /** How many sessions wait for a reply at once. */
  readonly connections: number;
}

const BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** One session for each recipient: banner, EHLO, MAIL, RCPT and another RCPT; the goodbye is not waited for. */
export async function askBarely(
  recipients: readonly { readonly address: string; readonly domain: string }[],
  options: BareOptions,
): Promise<BareRun> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const waiting = recipients.values();
  const loop = async (): Promise<void> => {
    for (const recipient of waiting) await sayAll(recipient, options);
  };
  await Promise.all(Array.from({ length: options.connections }, loop));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

/** Resolves at the last reply but the goodbye's. */
function sayAll({ address, domain }: { address: string; domain: string }, { port }: BareOptions): Promise<void> {
  const words = ['EHLO bench.client.test', 'MAIL FROM:<bench@client.test>', `RCPT TO:<user1@${domain}>`];
  words.push(`RCPT TO:<kvonlemrab@${domain}>`, 'QUIT');
  return new Promise((resolve, reject) => {
    let said = 0;
    const callback = (): boolean => {
      const word = words[said];
      said += 1;
      if (word === undefined) socket.destroy();
      else socket.write(`${word}\r\n`, 'latin1');
      if (said === words.length) resolve();
      return true;
    };
    const socket = connect({ host: address, port, noDelay: true, onread: { buffer: BUFFER, callback } });
    socket.on('error', reject);
  });
}
