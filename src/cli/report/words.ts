// Says times and shares of a run as the report's page needs them.

/** "21 Nov 2026, 10:55 UTC". */
export function utc(ms: number): string {
  const [, weekday = '', day = '', month = '', year = '', time = ''] =
    /^(\w+), (\d+) (\w+) (\d+) (\d+:\d+)/.exec(new Date(ms).toUTCString()) ?? [];
  return weekday === '' ? '' : `${Number(day)} ${month} ${year}, ${time} UTC`;
}

/** Time since the asking began: "0:07", "12:30", "3:05:00"; runs shorter than ten seconds show tenths. */
export function sinceStart(ms: number, spanMs: number): string {
  if (spanMs < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const pad = (part: number): string => String(part).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = pad(seconds % 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}
