// Makes a self-signed certificate at start (RFC 5280), so that no private key has to be kept in the code.
import { generateKeyPairSync, sign } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

/** A fresh key and a certificate, ready for TLS handshakes; takes about a millisecond. */
export function selfSignedContext({ name = 'sandbox.invalid', until = '491231235959Z' } = {}): SecureContext {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = sequence(
    explicit(0, integer(2)), // version 3
    integer(1), // serial number
    ECDSA_WITH_SHA256,
    nameOf(name),
    sequence(VALID_FROM, tagged(0x17, Buffer.from(until))), // UTCTime ends with 2049
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, ECDSA_WITH_SHA256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  const pem = certificate.toString('base64').replace(/.{1,64}/g, '$&\n');
  return createSecureContext({
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: `-----BEGIN CERTIFICATE-----\n${pem}-----END CERTIFICATE-----\n`,
  });
}

/** A distinguished name of a common name alone. */
function nameOf(commonName: string): Buffer {
  const attribute = sequence(tagged(0x06, Buffer.from('550403', 'hex')), tagged(0x0c, Buffer.from(commonName, 'utf8')));
  return sequence(tagged(0x31, attribute));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function explicit(number: number, content: Buffer): Buffer {
  return tagged(0xa0 + number, content);
}

function integer(value: number): Buffer {
  return tagged(0x02, Buffer.of(value));
}

const ECDSA_WITH_SHA256 = sequence(tagged(0x06, Buffer.from('2a8648ce3d040302', 'hex'))); // RFC 5758 section 3.2
const VALID_FROM = tagged(0x17, Buffer.from('200101000000Z')); // UTCTime, 2020
