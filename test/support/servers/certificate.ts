// Makes a throw-away self-signed certificate, as small mail hosts have them (RFC 7435 section 1.1).
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAMS } from './programs.ts';
import type { WorkFolder } from './work-folder.ts';

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Writes `tls.crt` and `tls.key` for this host name into the folder. */
export async function makeCertificate(folder: WorkFolder, hostname: string): Promise<Certificate> {
  const certificateFile = join(folder.path, 'tls.crt');
  const keyFile = join(folder.path, 'tls.key');
  const request = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', '2'];
  const output = ['-subj', `/CN=${hostname}`, '-keyout', keyFile, '-out', certificateFile];
  await promisify(execFile)(PROGRAMS.openssl, [...request, ...output]);
  return { certificateFile, keyFile };
}
