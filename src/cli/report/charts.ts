// Draws counts as SVG without any script: a ring, bars that stack, and the time line of a run.
import { STATUSES, type Status } from '../../verdict.ts';
import { count } from '../number-words.ts';
import { STATUS_WORDS } from '../reason-words.ts';
import { type Html, html } from './html.ts';
import type { TimeLineData } from './time-line.ts';

/** From good to bad, with what is open last: the order of everything the page shows. */
export const SHOWN_STATUSES = ['valid', 'catchall', 'unknown', 'invalid'] as const satisfies readonly Status[];

type Counts = Readonly<Record<Status, number>>;

export function sumOf(counts: Counts): number {
  return STATUSES.reduce((sum, status) => sum + counts[status], 0);
}

/** "46.6 %"; a share too small to show is not nothing, and one short of all is not all. */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  if (part === whole) return '100 %';
  const share = (part / whole) * 100;
  if (share < 0.1) return '< 0.1 %';
  return share > 99.9 ? '> 99.9 %' : `${share.toFixed(1)} %`;
}

/** What a chart of counts shows, in words, for those who cannot see it. */
export function inWords(counts: Counts): string {
  const whole = sumOf(counts);
  if (whole === 0) return 'no rows';
  return SHOWN_STATUSES.filter((status) => counts[status] > 0)
    .map((status) => `${STATUS_WORDS[status].title} ${count(counts[status])} (${percent(counts[status], whole)})`)
    .join(', ');
}

const RADIUS = 80;
const AROUND = 2 * Math.PI * RADIUS;
/** Between two parts, so that they can be told apart without colours. */
const GAP = 2;

/** A ring of the shares, with two lines of text in its middle. */
export function ring(counts: Counts, middle: { readonly large: string; readonly small: string }): Html {
  const whole = sumOf(counts);
  const shown = SHOWN_STATUSES.filter((status) => counts[status] > 0);
  let turned = 0;
  const parts = shown.map((status) => {
    const length = (counts[status] / whole) * AROUND;
    const gap = shown.length > 1 ? Math.min(GAP, length / 2) : 0;
    const part = html`<circle class="s-${status}" cx="110" cy="110" r="${RADIUS}" stroke-dasharray="${fixed(length - gap)} ${fixed(AROUND - length + gap)}" stroke-dashoffset="${fixed(-turned)}"/>`;
    turned += length;
    return part;
  });
  return html`<svg class="ring" viewBox="0 0 220 220" role="img" aria-label="Shares of the list: ${inWords(counts)}"><g transform="rotate(-90 110 110)"><circle class="track" cx="110" cy="110" r="${RADIUS}"/>${parts}</g><text class="large" x="110" y="114" text-anchor="middle">${middle.large}</text><text class="small" x="110" y="138" text-anchor="middle">${middle.small}</text></svg>`;
}

/** One bar, as wide as `counts` are of `whole`, whose parts are the statuses. */
export function stackedBar(counts: Counts, whole: number): Html {
  let x = 0;
  const parts = SHOWN_STATUSES.filter((status) => counts[status] > 0).map((status) => {
    const width = (counts[status] / Math.max(1, whole)) * 100;
    const part = html`<rect class="f-${status}" x="${fixed(x)}" y="0" width="${fixed(width)}" height="10"/>`;
    x += width;
    return part;
  });
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${inWords(counts)}"><rect class="track" x="0" y="0" width="100" height="10"/>${parts}</svg>`;
}

/** One bar in the colour of one status. */
export function plainBar(status: Status, rows: number, most: number): Html {
  const width = rows === 0 ? 0 : Math.max(0.8, (rows / Math.max(1, most)) * 100);
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" x="0" y="0" width="100" height="10"/><rect class="f-${status}" x="0" y="0" width="${fixed(width)}" height="10"/></svg>`;
}

const WIDTH = 1000;
const BARS_HEIGHT = 160;
/** Above the bars, where the turns of providers are marked. */
const MARKS_HEIGHT = 24;

/** The height that the highest bar stands for: a round number, so that the axis can be read. */
export function topOf(slices: readonly Counts[]): number {
  const most = Math.max(1, ...slices.map(sumOf));
  const digit = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((times) => times * digit).find((round) => round >= most) ?? most;
}

/** Answers over time: one bar a slice, waits as bands behind them, and marks above where a provider changed its mind. */
export function timeChart(data: TimeLineData, label: string): Html {
  const spanMs = Math.max(1, data.askedMs, data.slices.length * data.sliceMs);
  const top = topOf(data.slices);
  const xOf = (ms: number): number => (Math.min(ms, spanMs) / spanMs) * WIDTH;
  const waits = data.waits.map(
    ({ fromMs, toMs }) =>
      html`<rect class="wait" x="${fixed(xOf(fromMs))}" y="${MARKS_HEIGHT}" width="${fixed(Math.max(2, xOf(toMs) - xOf(fromMs)))}" height="${BARS_HEIGHT}"/>`,
  );
  const width = xOf(data.sliceMs);
  const bars = data.slices.map((slice, index) => timeBar(slice, { x: index * width, width, top }));
  const lines = [0, 0.5, 1].map(
    (part) =>
      html`<line class="grid" x1="0" x2="${WIDTH}" y1="${MARKS_HEIGHT + part * BARS_HEIGHT}" y2="${MARKS_HEIGHT + part * BARS_HEIGHT}"/>`,
  );
  const marks = data.turns.map(
    ({ atMs, turn }) =>
      html`<line class="m-${turn}" x1="${fixed(xOf(atMs))}" x2="${fixed(xOf(atMs))}" y1="2" y2="${MARKS_HEIGHT - 4}"/>`,
  );
  return html`<svg class="time" viewBox="0 0 ${WIDTH} ${MARKS_HEIGHT + BARS_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">${lines}${waits}${bars}${marks}</svg>`;
}

function timeBar(slice: Counts, at: { readonly x: number; readonly width: number; readonly top: number }): Html {
  let y = MARKS_HEIGHT + BARS_HEIGHT;
  const parts = SHOWN_STATUSES.filter((status) => slice[status] > 0).map((status) => {
    const height = Math.max(1, (slice[status] / at.top) * BARS_HEIGHT);
    y -= height;
    return html`<rect class="f-${status}" x="${fixed(at.x)}" y="${fixed(y)}" width="${fixed(at.width * 0.86)}" height="${fixed(height)}"/>`;
  });
  return html`${parts}`;
}

function fixed(number: number): string {
  return String(Math.round(number * 100) / 100);
}
