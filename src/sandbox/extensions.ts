// What a host offers in reply to EHLO, and what becomes of STARTTLS there.
import type { Response } from './conversation.ts';
import type { Offers } from './world.ts';

/** The complete reply, one keyword a line (RFC 5321 section 4.1.1.1). */
export function ehloReply(offers: Offers, isSecured: boolean): string {
  const keywords = [
    ...(offers.pipelining === false ? [] : ['PIPELINING']),
    'SIZE 10240000',
    ...(offers.starttls === undefined || isSecured ? [] : ['STARTTLS']),
    'ENHANCEDSTATUSCODES',
    '8BITMIME',
    ...(offers.smtputf8 === true ? ['SMTPUTF8'] : []),
    ...(offers.keywords ?? []),
  ];
  const lines = ['{host}', ...(offers.bare === true ? [] : keywords)];
  return lines.map((each, i) => `250${i === lines.length - 1 ? ' ' : '-'}${each}`).join('\n');
}

const READY = '220 2.0.0 Ready to start TLS';

/** RFC 3207 section 4. */
export function startTlsResponse(offered: Offers['starttls'], isSecured: boolean): Response {
  if (isSecured) return say('503 5.5.1 Error: TLS already active');
  switch (offered) {
    case 'works':
    case 'required':
      return { ...say(READY), next: 'tls' };
    case 'broken':
    case 'required_broken':
      return { ...say(READY), next: 'nonsense' };
    case 'injects':
      return { ...say(`${READY}\n250 2.1.5 Ok`), next: 'tls' };
    case 'refused':
      return say('454 4.7.0 TLS not available due to local problem');
    case undefined:
      return say('502 5.5.1 Error: command not implemented');
  }
}

function say(text: string): Response {
  return { act: { say: text } };
}
