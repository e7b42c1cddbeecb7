// A domain that is given up while its answers wait to be tested: everybody is decided, and nobody is left in its queue.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerOf } from '../../src/dns/provider.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { DomainAnswers } from '../../src/verify/domain-answers.ts';
import { DomainDoubts } from '../../src/verify/domain-doubts.ts';
import { DomainRecords } from '../../src/verify/domain-records.ts';
import { HostMemory } from '../../src/verify/hosts.ts';
import type { Reading } from '../../src/verify/interview.ts';
import { PendingJobs } from '../../src/verify/pending-jobs.ts';
import { SourceIps } from '../../src/verify/source-ips.ts';
import { memoryOfDomains } from '../support/ask-world.ts';
import { HandClock } from '../support/hand-clock.ts';

const COUNT = 12;
const HOST = 'mx.given.test';
const AT = { host: HOST, address: '127.0.181.1' };

const ACCEPTED: Reading = {
  meaning: 'accepted',
  strength: 'strong',
  rule: 'code-2xx',
  why: 'it says so',
  reason: 'accepted',
  reply: { code: 250, enhanced: '2.1.5', text: '250 2.1.5 Ok' },
};
const REFUSED: Reading = {
  meaning: 'mailbox_not_found',
  strength: 'strong',
  rule: 'unknown-recipient-words',
  why: 'it says so',
  reason: 'mailbox_not_found',
  reply: { code: 550, enhanced: '5.1.1', text: '550 5.1.1 User unknown' },
};

for (const control of ['accepted', 'refused', 'unclear'] as const) {
  test(`nobody is left in the queue where the name nobody has was ${control} before its provider is given up`, () => {
    const jobs = { domainId: 1, domain: 'given.test', count: COUNT };
    const source = {
      domains: () => [jobs],
      jobsOf: (domainId: number, after: number) =>
        Array.from({ length: COUNT }, (_, id) => ({ id, domainId, local: `p${id}`, smtputf8: false })).filter(
          ({ id }) => id > after,
        ),
    };
    const pending = new PendingJobs(jobs, { source, random: Math.random, jobPage: 64, recall: () => {} });
    const hosts = new HostMemory(VERIFY_DEFAULTS);
    const plan = {
      status: 'ask',
      domain: jobs.domain,
      hosts: [{ name: HOST, preference: 10, addresses: [AT.address] }],
      implicitMx: false,
      provider: providerOf(HOST),
      fingerprint: HOST,
      warnings: [],
      expiresAt: Number.POSITIVE_INFINITY,
      fromCache: false,
    } as const;
    const decided: string[] = [];
    const records = new DomainRecords(jobs, plan, {
      record: ({ local }, _domain, { reason }) => decided.push(`${local} ${reason}`),
      retries: { retriesOf: () => new Map(), rememberRetry: () => {}, forgetRetry: () => {} },
      defer: () => {},
      identity: { heloName: 'probe.mailgate.test', mailFrom: null },
      sources: new SourceIps([]),
      clock: new HandClock(),
      observe: null,
    });
    const doubts = new DomainDoubts(plan, hosts.providers.of(plan.provider));
    const honesty = { honestAfter: 1, bears: 0, accepted: 0, refused: 0, borneOut: new Set<string>() };
    const context = { plan, count: COUNT, pending, records, doubts, honesty, controlPutOff: () => null };
    const { signal } = new AbortController();
    const options = { memory: memoryOfDomains(), acceptancesBeforeControl: 20, hosts, signal };
    const answers = new DomainAnswers(context, options);

    for (let taken = 0; taken < COUNT; taken += 1) {
      const next = pending.take();
      assert.ok(next !== null);
      answers.take(next, taken % 2 === 0 ? REFUSED : ACCEPTED, AT);
    }
    answers.endSession();
    assert.ok(pending.count > 0, 'so many missing look like chance: some are to be asked about again');
    answers.takeControl(control, HOST);
    answers.giveUp({ reason: 'rate_limited', stage: 'rcpt', reply: null, host: null, detail: 'asked for less' });

    assert.equal(pending.count, 0);
    assert.equal(decided.length, COUNT);
    if (control === 'accepted') assert.ok(!decided.some((line) => line.endsWith('mailbox_not_found')), decided.join());
  });
}
