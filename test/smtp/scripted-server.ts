// A mail host for tests that follows a script to the byte: what it expects, what it sends, where it cuts, and how it ends.
import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

/** One connection, seen from the host's side. */
export interface Peer {
  /** Everything the client sent so far, byte for byte as Latin-1. */
  readonly received: string;
  readonly remoteAddress: string;
  /** Sends each part in a write of its own, letting the event loop turn in between. */
  send(...parts: readonly (string | Buffer)[]): Promise<void>;
  /** Waits for the next command line and fails unless it is this one; returns it without CRLF. */
  expect(command: string | RegExp): Promise<string>;
  /** Waits until this is somewhere among all that was received; for what is no line. */
  heard(bytes: RegExp): Promise<void>;
  /** Expects a command and sends the reply, the usual step. */
  answer(command: string | RegExp, ...parts: readonly (string | Buffer)[]): Promise<void>;
  /** Banner, EHLO and MAIL answered as an unremarkable host would. */
  upToMail(ehloReply?: string): Promise<void>;
  /** Goes over to TLS as the server, after its 220 to STARTTLS. */
  secure(context: SecureContext): Promise<void>;
  /** Ends orderly (FIN). */
  close(): void;
  /** Ends rudely (RST). */
  reset(): void;
  /** Resolves once the connection is gone. */
  readonly gone: Promise<void>;
}

export type Script = (peer: Peer, connection: number) => Promise<void>;

export interface ScriptedServer {
  readonly port: number;
  readonly connections: number;
  /** Stops, and rejects with whatever a script found wrong with the client. */
  stop(): Promise<void>;
}

/** Starts a host on 127.0.0.1 that plays `script` on every connection. */
export async function startScriptedServer(script: Script, address = '127.0.0.1'): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  const plays: Promise<unknown>[] = [];
  let connections = 0;
  const server: Server = createServer({ noDelay: true }, (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const play = script(peerOf(socket), connections).catch((error: unknown) => {
      socket.destroy();
      return error;
    });
    plays.push(play);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, address, resolve));
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return connections;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      const errors = (await Promise.all(plays)).filter((result) => result !== undefined && !(result instanceof Gone));
      await closed;
      if (errors[0] !== undefined) throw errors[0];
    },
  };
}

/** The client hung up while the script waited for more; no fault of the client by itself. */
class Gone extends Error {}

function peerOf(plain: Socket): Peer {
  let socket = plain;
  let received = '';
  let taken = 0;
  let wake = () => {};
  let ended = false;
  const listen = (to: Socket): void => {
    to.setEncoding('latin1');
    to.on('data', (text) => {
      received += text;
      wake();
    });
    to.on('error', () => {});
  };
  listen(plain);
  const gone = new Promise<void>((resolve) => {
    plain.on('close', () => {
      ended = true;
      wake();
      resolve();
    });
  });

  async function nextLine(): Promise<string> {
    for (;;) {
      const end = received.indexOf('\r\n', taken);
      if (end !== -1) {
        const line = received.slice(taken, end);
        taken = end + 2;
        return line;
      }
      if (ended) throw new Gone('the client hung up');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  const peer: Peer = {
    get received() {
      return received;
    },
    remoteAddress: socket.remoteAddress ?? '',
    gone,
    async send(...parts) {
      for (const part of parts) {
        if (socket.destroyed) return;
        await new Promise((resolve) => socket.write(part, resolve));
        await new Promise(setImmediate);
      }
    },
    async expect(command) {
      const line = await nextLine();
      if (typeof command === 'string') assert.equal(line, command);
      else assert.match(line, command);
      return line;
    },
    async heard(bytes) {
      while (!bytes.test(received)) {
        if (ended) throw new Gone('the client hung up');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async answer(command, ...parts) {
      await peer.expect(command);
      await peer.send(...parts);
    },
    async upToMail(ehloReply = '250-mx.host.test\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n') {
      await peer.send('220 mx.host.test ESMTP\r\n');
      await peer.answer(/^EHLO /, ehloReply);
      await peer.answer(/^MAIL FROM:/, '250 2.1.0 Ok\r\n');
    },
    async secure(context) {
      const secured = new TLSSocket(plain, { isServer: true, secureContext: context });
      socket = secured;
      listen(secured);
      await new Promise<void>((resolve) => {
        secured.once('secure', resolve);
        secured.once('close', resolve);
      });
      if (secured.getProtocol() === null) throw new Gone('no handshake');
    },
    close: () => socket.end(),
    reset: () => void plain.resetAndDestroy(),
  };
  return peer;
}
