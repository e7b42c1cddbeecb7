// Preloaded into every test process: any attempt to send beyond loopback fails the test that made it.
import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+|localhost|)$/;

function refuse(what: string): never {
  throw new Error(`a test tried to reach past loopback: ${what}`);
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function guarded(this: net.Socket, ...args: unknown[]): net.Socket {
  // net.connect hands over its arguments already normalised to [options, callback].
  const first = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof first === 'object' && first !== null && 'port' in first) {
    const host = (first as { host?: unknown }).host ?? 'localhost';
    if (!LOOPBACK.test(String(host))) refuse(`connection to ${host}`);
  } else if (typeof first === 'number' && typeof args[1] === 'string' && !LOOPBACK.test(args[1])) {
    refuse(`connection to ${args[1]}`);
  }
  return Reflect.apply(connect, this, args) as net.Socket;
} as typeof connect;

for (const name of ['send', 'connect'] as const) {
  const original = dgram.Socket.prototype[name] as (...args: unknown[]) => unknown;
  (dgram.Socket.prototype as unknown as Record<string, unknown>)[name] = function guarded(
    this: dgram.Socket,
    ...args: unknown[]
  ) {
    // The address is the only string among the arguments that is not the payload (always a Buffer here).
    const host = args.slice(name === 'send' ? 1 : 0).find((value) => typeof value === 'string');
    if (host !== undefined && !LOOPBACK.test(host as string)) refuse(`datagram to ${host}`);
    return Reflect.apply(original, this, args);
  };
}

for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveMx', 'resolveTxt'] as const) {
  const original = dns[name] as (...args: unknown[]) => unknown;
  (dns as unknown as Record<string, unknown>)[name] = (host: unknown, ...rest: unknown[]) => {
    if (typeof host === 'string' && net.isIP(host) === 0 && host !== 'localhost')
      refuse(`system DNS look-up of ${host}`);
    return Reflect.apply(original, dns, [host, ...rest]);
  };
}
