// Runs one npm verifier over the addresses it is given, as fast as it goes, with the pretend world in place of the real one.
// Started by `askWithPeer`; reads a PeerTask from standard input and writes a PeerRun to standard output.
import dns from 'node:dns';
import { createRequire } from 'node:module';
import net from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { PEERS_FOLDER, type PeerName, type PeerRun, type PeerTask, type PeerVerdict } from './peers.ts';
import { addressOf, mailHostNameOf } from './wide-world.ts';

type Ask = (address: string) => Promise<PeerVerdict>;

/** Both speak to port 25 and ask the system's DNS; these lines alone stand between them and the pretend world. */
function leadAstray({ names, smtpPort }: PeerTask): void {
  const plain = net.Socket.prototype.connect as (...args: unknown[]) => net.Socket;
  net.Socket.prototype.connect = function connect(this: net.Socket, ...args: unknown[]) {
    const [first] = args;
    const [options] = (Array.isArray(first) ? first : [first]) as [{ port?: number }];
    if (options?.port === 25) options.port = smtpPort;
    return plain.apply(this, args);
  };
  // "MAIL FROM: <x>" is wrong (RFC 5321 section 3.3), and most servers take it; the sandbox does not.
  const write = net.Socket.prototype.write as (...args: unknown[]) => boolean;
  net.Socket.prototype.write = function withoutSpace(this: net.Socket, ...[said, ...rest]: unknown[]) {
    const plainly = typeof said === 'string' ? said.replace(/^(mail from|rcpt to): </i, '$1:<') : said;
    return write.apply(this, [plainly, ...rest]);
  };
  if (typeof names === 'object' && 'dnsPort' in names) {
    dns.setServers([`127.0.0.1:${names.dnsPort}`]);
    dns.promises.setServers([`127.0.0.1:${names.dnsPort}`]);
  }
  const isKnown = names === 'wide' || 'address' in names;
  const mxOf = (domain: string): dns.MxRecord[] => [
    { exchange: names === 'wide' ? (mailHostNameOf(domain) ?? '') : `mx.${domain}`, priority: 10 },
  ];
  const resolve4 = dns.promises.resolve4.bind(dns.promises);
  const ipOf = async (host: string): Promise<string> => {
    if (names === 'wide') return addressOf(host) ?? '127.0.0.1';
    if ('address' in names) return names.address;
    return (await resolve4(host))[0] ?? '';
  };
  if (isKnown) {
    Object.assign(dns, {
      resolveMx: (name: string, done: (e: null, mx: dns.MxRecord[]) => void) => done(null, mxOf(name)),
    });
    Object.assign(dns.promises, { resolveMx: (name: string) => Promise.resolve(mxOf(name)) });
  }
  Object.assign(dns, {
    lookup: (host: string, options: dns.LookupOptions, done: (error: Error | null, ...found: unknown[]) => void) =>
      void ipOf(host).then(
        (address) => (options.all === true ? done(null, [{ address, family: 4 }]) : done(null, address, 4)),
        (error: Error) => done(error),
      ),
  });
}

/** Each with the settings that make it fastest: nothing but MX and SMTP. */
async function openPeer(peer: PeerName): Promise<Ask> {
  const require = createRequire(join(PEERS_FOLDER, 'package.json'));
  // One of them knows no domain below .test: its list of suffixes is told to take any.
  if (peer === '@emailcheck/email-validator-js') Object.assign(require('psl'), { isValid: () => true });
  const loaded = (await import(pathToFileURL(require.resolve(peer)).href)) as Record<string, unknown>;
  return peer === 'deep-email-validator' ? askDeep(loaded['validate'] as Deep) : askEmailcheck(loaded as never);
}

type Deep = (options: object) => Promise<{ readonly valid: boolean }>;

function askDeep(validate: Deep): Ask {
  const checks = { validateRegex: true, validateTypo: false, validateDisposable: false };
  return async (email) => {
    const { valid } = await validate({
      email,
      sender: 'bench@client.test',
      ...checks,
      validateMx: true,
      validateSMTP: true,
    });
    return valid ? 'valid' : 'invalid';
  };
}

interface Emailcheck {
  verifyEmail(options: object): Promise<{
    readonly validMx: boolean | null;
    readonly validSmtp: boolean | null;
    readonly isCatchAll?: boolean;
  }>;
}

function askEmailcheck({ verifyEmail }: Emailcheck): Ask {
  const checks = { checkDisposable: false, checkFree: false, suggestDomain: false, detectName: false };
  return async (emailAddress) => {
    const found = await verifyEmail({ emailAddress, verifyMx: true, verifySmtp: true, smtpPort: 25, ...checks });
    if (found.isCatchAll === true) return 'catchall';
    if (found.validMx === false || found.validSmtp === false) return 'invalid';
    return found.validSmtp === true ? 'valid' : 'unknown';
  };
}

/** Loops that each take the next address: nobody waits for the slowest of a wave. What is thrown is no verdict. */
async function askAll(ask: Ask, { addresses, concurrency }: PeerTask): Promise<PeerVerdict[]> {
  const verdicts: PeerVerdict[] = addresses.map(() => 'unknown');
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let at = next++; at < addresses.length; at = next++) {
      verdicts[at] = await ask(addresses[at] ?? '').catch(() => 'unknown');
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return verdicts;
}

const task = (await json(process.stdin)) as PeerTask;
leadAstray(task);
const ask = await openPeer(task.peer);
const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
const verdicts = await askAll(ask, task);
const seconds = (performance.now() - startedAt) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const run: PeerRun = { seconds, cpuSeconds: (user + system) / 1e6, verdicts };
process.stdout.write(JSON.stringify(run), () => process.exit(0)); // some of their timers and sockets live on
