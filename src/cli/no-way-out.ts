// What to tell whose proxies let nobody out.
import { MailgateError } from '../errors.ts';

/** The end of a run whose first connections through proxies, to so many providers, all failed. */
export function portBlockedByProxy({ port }: { readonly port: number }, providers: number): MailgateError {
  const found = `the first connections to the mail hosts of ${providers} different providers all failed, and none worked`;
  return new MailgateError('network', `the proxy seems to let nobody connect to port ${port}: ${found}`, {
    hint: 'Most proxy services block port 25: ask yours to open it, or use another. Nothing was written, nothing false was kept.',
  });
}

/** The end of a run whose proxies all fail; `detail` is what the last one said. */
export function proxiesDown(detail: string): MailgateError {
  return new MailgateError('network', `${detail}, and there is no other proxy to use`, {
    hint: 'Check the proxy and its login, then run the same command again: what was decided is kept, nothing false is.',
  });
}
