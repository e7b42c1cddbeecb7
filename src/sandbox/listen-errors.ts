// Says in a sentence why the sandbox cannot listen, and what to do about it.
import { MailgateError } from '../errors.ts';

/** The failure to listen as a sentence. macOS has 127.0.0.1 only unless aliases are set up; Linux takes all of 127/8. */
export function explainListenError(error: unknown, port: number): unknown {
  if (!isNodeError(error)) return error;
  const address = String((error as { address?: unknown }).address ?? 'a loopback address');
  switch (error.code) {
    case 'EADDRNOTAVAIL':
      return new MailgateError('network', `the sandbox cannot listen on ${address}: this machine has no such address`, {
        hint: `give it to the loopback interface (on macOS: sudo ifconfig lo0 alias ${address})`,
        cause: error,
      });
    case 'EADDRINUSE':
      return new MailgateError('network', `port ${port} is taken on ${address}`, {
        hint: 'choose another port for the sandbox, or 0 for any that is free',
        cause: error,
      });
    case 'EACCES':
      return new MailgateError('network', `this user may not listen on port ${port}`, {
        hint: 'choose a port above 1023, or 0 for any that is free',
        cause: error,
      });
    default:
      return error;
  }
}

export function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
