// What is known of an address whose question got no answer that could be judged, and the reason this leads to.
import { meaningOf, type ReplyStage, verdictOfMeaning } from '../smtp/meaning.ts';
import { oneLine } from '../smtp/reply.ts';
import type { SessionFailure } from '../smtp/session-failure.ts';
import type { Reason, Reply, Stage } from '../verdict.ts';

export interface Failure {
  readonly reason: Reason;
  readonly stage: Stage;
  readonly reply: Reply | null;
  readonly detail: string | null;
  readonly host: string | null;
  /** SMTP connections opened for the address. */
  readonly attempts: number;
}

/** The reason a session that did not come about, or was lost, leads to. */
export function reasonOfFailure(
  failure: { readonly failure: SessionFailure['failure']; readonly stage: ReplyStage; readonly reply: Reply | null },
  host: string,
): Reason {
  switch (failure.failure) {
    case 'reply': {
      if (failure.reply === null) return 'protocol_error';
      const result = meaningOf({ ...failure.reply, stage: failure.stage, host });
      const { reason } = verdictOfMeaning(result.meaning, {
        ...result,
        code: failure.reply.code,
        stage: failure.stage,
      });
      // Before RCPT nothing can be said about a mailbox, whatever the words.
      return reason === 'mailbox_not_found' || reason === 'accepted' ? 'blocked' : reason;
    }
    case 'timeout':
      return failure.stage === 'connect' ? 'connect_failed' : 'timeout';
    case 'refused':
    case 'unreachable':
    case 'reset':
    case 'closed':
      return 'connect_failed';
    case 'protocol':
      return 'protocol_error';
    case 'tls':
      return 'tls_failed';
    case 'smtputf8_not_offered':
      return 'smtputf8_needed';
    case 'proxy':
    case 'cancelled':
      return 'not_checked';
  }
}

/** What a host's EHLO offers: the first word of each line but the first (RFC 5321 section 4.1.1.1). */
export function keywordsOf(ehlo: Reply | null): string {
  const words = (ehlo?.text ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.split(' ')[0] ?? '');
  return oneLine({ code: 250, enhanced: null, text: words.join(', ') }, 200).slice('250 '.length);
}

/** What is known of an address beyond ASCII where the host's EHLO offers this, and SMTPUTF8 (RFC 6531) is not among it. */
export function smtputf8Needed(offered: string) {
  const instead = offered === '' ? 'offers no extensions' : `offers ${offered}`;
  const detail = `the host takes no address beyond ASCII: its EHLO lacks SMTPUTF8, it ${instead}`;
  return { reason: 'smtputf8_needed', stage: 'ehlo', reply: null, detail } as const;
}
