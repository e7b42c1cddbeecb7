// Finds out whether this machine can speak from an IP address, without speaking to anybody.
import { createServer } from 'node:net';

/** Resolves to null where it can, else to the system's error code (EADDRNOTAVAIL for an address it does not have). */
export function whyNotLocal(address: string): Promise<string | null> {
  return new Promise((resolve) => {
    // The list of interfaces would not do: all of 127.0.0.0/8 can be bound, and so can addresses routed here as a whole.
    const server = createServer();
    server.once('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => resolve(code));
    server.listen({ host: address, port: 0, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
