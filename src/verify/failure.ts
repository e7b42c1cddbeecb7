// What is known of an address whose question got no answer that could be judged.
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
