// Reads the times that services write into their files, which is one of a few forms; none is guessed.

/** Milliseconds since the epoch, or null where the text is no time we are sure of. Without a zone it is taken for UTC. */
export function timeOf(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d{9,10}(?:\.\d{1,9})?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000); // Unix seconds: SendGrid, SES
  if (/^\d{12,13}$/.test(trimmed)) return Number(trimmed);
  const parts = FORM.exec(trimmed);
  if (parts === null) return null;
  const [, date = '', time = '00:00:00', fraction = '', zone = 'Z'] = parts;
  const clock = time.length === 5 ? `${time}:00` : time;
  const iso = `${date}T${clock}${fraction.slice(0, 4)}${zoneOf(zone)}`;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) || !isDay(date) ? null : ms;
}

/** ISO 8601 and what programs make of it: `2026-01-31`, `2026-01-31 08:15:00`, `2026-01-31T08:15:00.123456+01:00`. */
const FORM =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d{1,9})?)? ?(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{4} UTC)?$/i;

function zoneOf(zone: string): string {
  const [, hours, minutes] = /^([+-]\d{2}):?(\d{2})/.exec(zone) ?? [];
  return hours === undefined ? 'Z' : `${hours}:${minutes}`;
}

/** Date.parse takes 30 February for 2 March. */
function isDay(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}
