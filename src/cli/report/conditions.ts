// Tells under which conditions a run's figures came about: who asked, how far, and which options differ from the default.
import type { ProbeIdentity } from '../../verify/probe.ts';
import { ASK_OPTIONS, LIST_OPTIONS } from '../options.ts';
import { longNameOf, type OptionSpec } from '../settings.ts';
import type { Condition } from './model.ts';

/** Names of the places a run writes to: they say nothing about its figures. */
const PLACES: ReadonlySet<string> = new Set(['output', 'summary', 'report', 'split']);

/** `identity` is null where no mail host was asked. */
export function conditionsOf(
  settings: object,
  run: { readonly identity: Pick<ProbeIdentity, 'heloName' | 'mailFrom'> | null },
): Condition[] {
  const { identity } = run;
  const who =
    identity === null
      ? []
      : [
          { label: 'Asked as', value: identity.heloName },
          {
            label: 'With the sender',
            value: `<${identity.mailFrom ?? ''}>${identity.mailFrom === null ? ' (none)' : ''}`,
          },
        ];
  return [...who, ...optionsOf(settings)];
}

/** What was set otherwise than by default, whether by flag, variable or config file. */
function optionsOf(settings: object): Condition[] {
  const values = new Map<string, unknown>(Object.entries(settings));
  const specs: readonly OptionSpec[] = [...LIST_OPTIONS, ...ASK_OPTIONS];
  return specs
    .filter(({ name, default: usual }) => !PLACES.has(name) && !isSame(values.get(name), usual))
    .map((spec) => ({ label: `--${longNameOf(spec.flags)}`, value: shownValue(spec.name, values.get(spec.name)) }));
}

function isSame(value: unknown, usual: unknown): boolean {
  return value === undefined || value === null || JSON.stringify(value) === JSON.stringify(usual);
}

const MOST_CHARACTERS = 200;

/** Only what is plainly no secret is shown: a text without user and password, a number, a server. */
function shownValue(name: string, value: unknown): string {
  if (Array.isArray(value))
    return value
      .map((item) => shownValue(name, item))
      .join(', ')
      .slice(0, MOST_CHARACTERS);
  if (typeof value === 'boolean') return 'yes';
  if (typeof value === 'number')
    return name.endsWith('Ms') ? spanOf(value) : name.endsWith('PerMinute') ? `${value}/m` : String(value);
  if (typeof value === 'string') return withoutSecrets(value).slice(0, MOST_CHARACTERS);
  if (typeof value === 'object' && value !== null && 'address' in value && 'port' in value)
    return `${value.address}:${value.port}`;
  if (typeof value === 'object' && value !== null && 'label' in value) return withoutSecrets(String(value.label));
  return 'set';
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const;

/** As the option is written: 90000 ms are `90s`. */
function spanOf(ms: number): string {
  const [size, unit] = UNITS.find(([each]) => ms >= each && ms % each === 0) ?? [1, 'ms'];
  return `${ms / size}${unit}`;
}

/** Takes user and password out of addresses such as `socks5://user:password@host`. */
export function withoutSecrets(text: string): string {
  return text.replace(/:\/\/[^/@\s]*@/g, '://…@');
}
