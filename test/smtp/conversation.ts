// What the tests of a conversation share: hosts that are stopped by themselves, sessions opened with plain options, gates.
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { type Dial, dialDirectly } from '../../src/smtp/dial.ts';
import { openSession, type Session, type SessionOptions } from '../../src/smtp/session.ts';
import type { SessionFailure } from '../../src/smtp/session-failure.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import { type Script, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

export const running: ScriptedServer[] = [];

export async function serve(script: Script, address?: string): Promise<ScriptedServer> {
  const server = await startScriptedServer(script, address);
  running.push(server);
  return server;
}

/** Also reports what a script found wrong with the client. */
afterEach(async () => {
  const stopped = await Promise.allSettled(running.splice(0).map((server) => server.stop()));
  for (const result of stopped) if (result.status === 'rejected') throw result.reason;
});

export function optionsFor(server: { readonly port: number }, changed: Partial<SessionOptions> = {}): SessionOptions {
  return {
    address: '127.0.0.1',
    port: server.port,
    heloName: 'client.test',
    mailFrom: null,
    smtputf8: false,
    timeouts: DEFAULT_TIMEOUTS,
    clock: systemClock,
    ...changed,
  };
}

export async function openReady(
  server: { readonly port: number },
  changed: Partial<SessionOptions> = {},
): Promise<Session> {
  const start = await openSession(optionsFor(server, changed));
  assert.equal(start.status, 'ready', JSON.stringify(start));
  return start.session;
}

export async function openFailed(server: { readonly port: number }, changed: Partial<SessionOptions> = {}) {
  const start = await openSession(optionsFor(server, changed));
  assert.equal(start.status, 'failed');
  return start as SessionFailure;
}

/** The outcome in short, to compare with a table. */
export function summaryOf(start: SessionFailure) {
  const { stage, failure, tryNextHost } = start;
  return { stage, failure, code: start.reply?.code ?? null, tryNextHost };
}

export const jane = { local: 'Jane', domain: 'example.test', smtputf8: false };
export const john = { local: 'john', domain: 'example.test', smtputf8: false };

export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** A dialer that tells when bytes have reached the client, so that a test moves time only after they came. */
export function listeningDial() {
  let heard = '';
  let wake = () => {};
  const dial: Dial = (target, events) =>
    dialDirectly(target, {
      ...events,
      bytes: (chunk) => {
        events.bytes(chunk);
        heard += chunk.toString('latin1');
        wake();
      },
    });
  return {
    dial,
    async until(ending: string) {
      while (!heard.endsWith(ending)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
