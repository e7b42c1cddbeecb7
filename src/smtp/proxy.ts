// Reads what a user writes to name a proxy, and says it again without its secrets.
import { createHash } from 'node:crypto';
import { MailgateError } from '../errors.ts';

/** A SOCKS5 proxy (RFC 1928). */
export interface SocksProxy {
  /** A name or an IP address. */
  readonly host: string;
  readonly port: number;
  /** Who we log in as (RFC 1929); null without a login. */
  readonly login: { readonly user: string; readonly password: string } | null;
  /** True where the proxy is given the mail host's name to look up (`socks5h`), and not the address we found. */
  readonly looksUpNames: boolean;
  /** What tells this exit from others, also in the store: without a password, and with a hash of the user's name. */
  readonly id: string;
  /** For people: `socks5://***@proxy.example:1080`. */
  readonly label: string;
}

/** RFC 1929 has one octet for each length. */
const MOST_LOGIN_BYTES = 255;
/** RFC 1928 names no port; this is the registered one. */
const USUAL_PORT = 1080;

const FORM = 'Write socks5://HOST:PORT, or socks5h:// to have the proxy look up the names of mail hosts.';

/**
 * The proxy of `socks5://[user:password@]host[:port]`; what is special in a URL stands percent-encoded in user and password.
 * @throws {MailgateError} of kind 'usage', which never quotes a login.
 */
export function parseProxy(text: string): SocksProxy {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  const shown = withoutLogin(text.trim()).slice(0, 100);
  if (url === null || !['socks5:', 'socks5h:'].includes(url.protocol)) throw wrong(`"${shown}" is no SOCKS5 proxy.`);
  if (url.hostname === '') throw wrong(`"${shown}" names no host.`);
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    throw wrong(`"${shown}" has something behind host and port.`);
  const login = loginOf(url);
  const port = url.port === '' ? USUAL_PORT : Number(url.port);
  const place = `${url.protocol}//`;
  const at = `${url.hostname}:${port}`;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    login,
    looksUpNames: url.protocol === 'socks5h:',
    id: login === null ? `${place}${at}` : `${place}${shortHash(login.user)}@${at}`,
    label: login === null ? `${place}${at}` : `${place}***@${at}`,
  };
}

/** `parseProxy` for the command line, which every user of the machine can read. */
export function parseProxyWithoutPassword(text: string): SocksProxy {
  const proxy = parseProxy(text);
  if (proxy.login === null || proxy.login.password === '') return proxy;
  throw new MailgateError('usage', `the password of ${proxy.label} must not stand on the command line.`, {
    hint: 'Every user of this machine could read it there. Put the proxy into the variable MAILGATE_PROXY, or into the config file as proxy = ["socks5://user:password@host:port"].',
  });
}

/** A text that may hold logins of proxies, fit to be shown; every other address in it loses its local part, too. */
export function withoutLogin(text: string): string {
  return text.replace(/(\w+:\/\/)?[^\s"',=[\]]*@/g, '$1***@');
}

function loginOf({ username, password }: URL): SocksProxy['login'] {
  if (username === '' && password === '') return null;
  try {
    const login = { user: decodeURIComponent(username), password: decodeURIComponent(password) };
    const isTooLong = Object.values(login).some((each) => Buffer.byteLength(each) > MOST_LOGIN_BYTES);
    if (!isTooLong) return login;
  } catch {
    throw wrong('user and password of the proxy are not percent-encoded as in a URL.');
  }
  throw wrong(`user and password of a proxy have at most ${MOST_LOGIN_BYTES} bytes each (RFC 1929).`);
}

/** Services sell exits by user names, so these tell exits apart; what is kept of them should tell nobody else anything. */
function shortHash(user: string): string {
  return createHash('sha256').update(user).digest('hex').slice(0, 8);
}

function wrong(message: string): MailgateError {
  return new MailgateError('usage', message, { hint: FORM });
}
