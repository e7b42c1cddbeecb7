// Takes a connection to a mail host over to TLS, and keeps what a person would want to know of it.
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { Lost } from './exchange.ts';
import { printable } from './printable.ts';

/** Of an encrypted conversation; text from the certificate is capped and printable. */
export interface TlsEvidence {
  /** `TLSv1.3`. */
  readonly protocol: string;
  /** OpenSSL's name: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** Null where the host showed none. */
  readonly certificate: CertificateEvidence | null;
  /** Why a browser would warn of the certificate; null where it would not. */
  readonly distrust: string | null;
}

export interface CertificateEvidence {
  /** `CN=mx.example.org, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** The last day it is good for, `2027-01-31`; null where it tells none that can be read. */
  readonly validTo: string | null;
}

/**
 * Begins a handshake as the client. No certificate is refused: self-signed ones are usual between mail hosts (RFC 7435),
 * and whoever is asked in the clear otherwise gains by any encryption. For the same reason no old protocol or cipher is.
 * @param hostname the mail host's name, to be named in the handshake and looked for in the certificate.
 */
export function beginTls(socket: Socket, hostname: string | undefined): TLSSocket {
  context ??= createSecureContext({ minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
  const servername = hostname !== undefined && isIP(hostname) === 0 ? { servername: hostname } : {};
  return connectTls({ socket, rejectUnauthorized: false, secureContext: context, ...servername });
}

/** One for all connections: it takes a millisecond to make. */
let context: SecureContext | null = null;

const MOST_NAME_CHARACTERS = 200;

/** What came of a handshake that is over. */
export function evidenceOf(socket: TLSSocket): TlsEvidence {
  const certificate = socket.getPeerX509Certificate();
  const validTo = new Date(certificate?.validTo ?? '');
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    certificate:
      certificate === undefined
        ? null
        : {
            subject: nameOf(certificate.subject),
            issuer: nameOf(certificate.issuer),
            validTo: Number.isNaN(validTo.getTime()) ? null : validTo.toISOString().slice(0, 10),
          },
    distrust: socket.authorized ? null : distrustOf(String(socket.authorizationError)),
  };
}

/** For people: `TLSv1.3 TLS_AES_256_GCM_SHA384, certificate of CN=mx.example.org by CN=R11, to 2027-01-31, expired (CERT_HAS_EXPIRED)`. */
export function describeTls({ protocol, cipher, certificate, distrust }: TlsEvidence): string {
  const encryption = `${protocol} ${cipher}`;
  if (certificate === null) return `${encryption}, no certificate`;
  const { subject, issuer, validTo } = certificate;
  const until = validTo === null ? '' : `, to ${validTo}`;
  return `${encryption}, certificate of ${subject} by ${issuer}${until}, ${distrust ?? 'good'}`;
}

/** A distinguished name as OpenSSL prints it, one attribute a line. */
function nameOf(name: string | undefined): string {
  return printable((name ?? '').trim().split('\n').join(', '), MOST_NAME_CHARACTERS) || 'nobody';
}

/** Node's and OpenSSL's codes (verify(1), "Diagnostics"), as far as mail hosts make us meet them. */
const DISTRUSTS = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'signed by an authority nobody else knows'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its issuer is not known'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its issuer is not known'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its issuer is not shown'],
  ['CERT_HAS_EXPIRED', 'expired'],
  ['CERT_NOT_YET_VALID', 'not good yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'made out to another name'],
]);

function distrustOf(code: string): string {
  const shown = printable(code, 100);
  const words = DISTRUSTS.get(code);
  return words === undefined ? `not trusted (${shown})` : `${words} (${shown})`;
}

/** Silence and hanging up belong to the handshake they came in. */
export function handshakeLost(lost: Lost): Lost {
  const isItsOwn = lost.failure === 'timeout' || lost.failure === 'reset' || lost.failure === 'closed';
  return isItsOwn ? { ...lost, failure: 'tls', detail: `the TLS handshake failed: ${lost.detail}` } : lost;
}
