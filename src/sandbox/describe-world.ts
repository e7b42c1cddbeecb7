// Says in a few lines how to point mailgate at a running sandbox, and which addresses are worth trying there.
import { NAMED_FATES } from './fates.ts';
import type { World } from './world.ts';

/** Plain lines of text, for the terminal; the world's own texts are its author's and printed as they are. */
export function describeWorld(
  world: World,
  running: { readonly dns: { readonly address: string; readonly port: number }; readonly smtpPort: number },
): string[] {
  const dns = `${running.dns.address}:${running.dns.port}`;
  // A file of its own: to mailgate this world is as real as any, and its verdicts must not reach those of real lists.
  const flags = `--dns ${dns} --port ${running.smtpPort} --allow-private --allow-reserved --db pretend.sqlite`;
  const samples = [...(world.samples ?? []), ...namedSamples(world)];
  const width = Math.max(0, ...samples.map((sample) => sample.address.length));
  return [
    `A pretend mail world with ${world.zones.length} domains on ${world.hosts.length} mail hosts is running on loopback.`,
    `DNS ${dns} (UDP and TCP), SMTP port ${running.smtpPort} on every mail host.`,
    '',
    'In another terminal:',
    `  mailgate check ${flags} ADDRESS`,
    `  mailgate verify ${flags} list.csv -o clean.csv`,
    ...(samples.length === 0 ? [] : ['', 'Addresses to try:']),
    ...samples.map((sample) => `  ${sample.address.padEnd(width)}  ${sample.gives}`),
  ];
}

/** On the first host that allows it, every local part that names its own fate. */
function namedSamples(world: World): { address: string; gives: string }[] {
  const host = world.hosts.find((each) => each.fatesByName === true && typeof each.domains !== 'function');
  const domain = typeof host?.domains === 'object' ? host.domains[0] : undefined;
  if (domain === undefined) return [];
  return [...NAMED_FATES].map(([local, { gives }]) => ({ address: `${local}@${domain}`, gives }));
}
