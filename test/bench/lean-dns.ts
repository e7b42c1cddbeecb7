// The name server of the wide world: MX and A records made from the name asked for, over UDP, nothing else.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { addressOf, mailHostNameOf } from './wide-world.ts';

const TYPES = { A: 1, SOA: 6, MX: 15 } as const;
const TTL_SECONDS = 3600;
const HEADER_BYTES = 12;

/** Answers on a port of 127.0.0.1 that is free. */
export async function serveLeanDns(): Promise<{ address: string; port: number }> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  socket.on('message', (query, peer) => socket.send(replyTo(query), peer.port, peer.address));
  socket.on('error', () => {}); // an ICMP "port unreachable" from a client that left
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: '127.0.0.1', port: socket.address().port };
}

function replyTo(query: Buffer): Buffer {
  const { name, end } = readName(query);
  const type = query.readUInt16BE(end);
  const question = query.subarray(HEADER_BYTES, end + 4);
  const [host, address] = [mailHostNameOf(name), addressOf(name)];
  if (type === TYPES.MX && host !== null)
    return message(query, { question, answer: [TYPES.MX, Buffer.concat([Buffer.from([0, 10]), encodeName(host)])] });
  if (type === TYPES.A && address !== null)
    return message(query, { question, answer: [TYPES.A, Buffer.from(address.split('.').map(Number))] });
  return message(query, { question, isMissing: host === null && address === null });
}

/** With an answer about the question's own name, or with the SOA of a negative answer (RFC 2308). */
function message(
  query: Buffer,
  say: { question: Buffer; answer?: readonly [type: number, data: Buffer]; isMissing?: boolean },
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8580 | (say.isMissing === true ? 3 : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, say.answer === undefined ? 8 : 6);
  const [type, data] = say.answer ?? [TYPES.SOA, ROOT_SOA];
  const owner = say.answer === undefined ? Buffer.from([0]) : Buffer.from([0xc0, HEADER_BYTES]);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(TTL_SECONDS, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([header, say.question, owner, fixed, data]);
}

/** Both names are the root; serial, refresh, retry, expire and minimum. */
const ROOT_SOA = Buffer.concat([
  Buffer.from([0, 0]),
  ...[1, 3600, 3600, 3600, TTL_SECONDS].map((each) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(each);
    return number;
  }),
]);

function readName(query: Buffer): { name: string; end: number } {
  let at = HEADER_BYTES;
  const labels: string[] = [];
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
