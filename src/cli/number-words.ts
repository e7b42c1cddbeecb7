// Says numbers as people do: counts, what they count, how long something took, and when it is due.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A number with thin groups of three, the same in every locale. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number and what it counts: "1 row", "2,000 rows". */
export function plural(value: number, one: string): string {
  return `${count(value)} ${one}${value === 1 ? '' : 's'}`;
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
  const tenths = Math.round(seconds * 10) / 10; // rounded before it is split, or a minute could have 60 seconds
  if (tenths < 60) return `${tenths.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How far off `dueAt` is; both are milliseconds since the epoch. Rounded up, for too early is in vain. */
export function dueIn(dueAt: number, now: number): string {
  const ms = dueAt - now;
  if (ms <= 0) return 'now';
  if (ms <= 90_000) return `in ${plural(Math.ceil(ms / 1000), 'second')}`;
  if (ms <= 100 * MINUTE_MS) return `in about ${plural(Math.ceil(ms / MINUTE_MS), 'minute')}`;
  // What a host named comes with a second of grace, which must not make 25 hours of a day.
  if (ms <= 2 * DAY_MS) return `in about ${plural(Math.ceil((ms - MINUTE_MS) / HOUR_MS), 'hour')}`;
  return `in about ${plural(Math.ceil((ms - HOUR_MS) / DAY_MS), 'day')}`;
}
