// The verdict all addresses of a domain share where its DNS alone decides, or where nobody is to be asked.
import { statusOf, type Verdict } from '../verdict.ts';
import { type DomainPlan, providerName } from './plan.ts';

/** The verdict that a plan gives without SMTP, made at `now` (milliseconds since the epoch). */
export function verdictOfPlan(plan: DomainPlan, now: number): Verdict {
  const reason = plan.status === 'ask' ? 'not_checked' : plan.reason;
  return {
    status: statusOf(reason),
    reason,
    stage: 'dns',
    reply: null,
    detail: plan.status === 'ask' ? 'its mail hosts were found; SMTP was not asked for' : plan.detail,
    mx: plan.status === 'ask' ? (plan.hosts[0]?.name ?? null) : null,
    provider: plan.status === 'ask' ? providerName(plan.provider) : null,
    implicitMx: plan.status === 'ask' && plan.implicitMx,
    catchall: 'not_asked',
    attempts: 0,
    checkedAt: now,
    source: 'live',
    ...(plan.status === 'decided' && plan.leftHostsOut === true && { privateHosts: 'left_out' }),
  };
}
