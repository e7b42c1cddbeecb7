// The parts of the report about the run itself: its time line, who held it back, and under which conditions it was made.
import { count, duration, plural } from '../number-words.ts';
import { whatItDid } from '../summary.ts';
import { sumOf, timeChart, topOf } from './charts.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { ReportModel } from './model.ts';
import { colourKey } from './page-tables.ts';
import type { TimeLineData, Turn, Wait } from './time-line.ts';
import { sinceStart, utc } from './words.ts';

const EVENTS_SHOWN = 20;
const TICKS = 5;
const HOLDERS_SHOWN = 12;

export function timeSection({ timeLine }: ReportModel): Html {
  if (timeLine === null) return NOTHING;
  const answers = timeLine.slices.reduce((sum, slice) => sum + sumOf(slice), 0);
  if (answers === 0 && timeLine.turns.length === 0) return NOTHING;
  const spanMs = Math.max(1, timeLine.askedMs, timeLine.slices.length * timeLine.sliceMs);
  const top = topOf(timeLine.slices);
  const ticks = Array.from(
    { length: TICKS },
    (_, index) => html`<span>${sinceStart((spanMs * index) / (TICKS - 1), spanMs)}</span>`,
  );
  const said = `${plural(answers, 'answer')} in ${duration(timeLine.askedMs / 1000)}, one bar for each ${sliceWords(timeLine.sliceMs)}.`;
  return html`<section><h2>How the run went</h2>
<p class="lead">${said}${againWords(timeLine.askedAgain)}</p>
${colourKey()}
<div class="plot"><div class="scale" aria-hidden="true"><span>${count(top)}</span><span>${top > 1 ? count(top / 2) : ''}</span><span>0</span></div>${timeChart(timeLine, chartWords(timeLine, said))}<div class="ticks" aria-hidden="true">${ticks}</div></div>
${eventList(timeLine, spanMs)}</section>`;
}

function sliceWords(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms === 1000) return 'second';
  return ms < 60_000 ? `${ms / 1000} s` : duration(ms / 1000);
}

function againWords(askedAgain: number): string {
  if (askedAgain === 0) return '';
  const who = askedAgain === 1 ? '1 address' : `${count(askedAgain)} addresses`;
  return ` ${who} had been put off and ${askedAgain === 1 ? 'was' : 'were'} asked again.`;
}

/** For those who cannot see the chart: the list below tells the rest. */
function chartWords({ waits, turns }: TimeLineData, said: string): string {
  const waited = waits.length === 0 ? '' : ` The run waited ${waits.length === 1 ? 'once' : `${waits.length} times`}.`;
  const marks =
    turns.length === 0 ? '' : ` ${plural(turns.length, 'mark')} where a provider held the run back or let it go on.`;
  return `Answers over time, by status. ${said}${waited}${marks}`;
}

const TURN_WORDS: Readonly<Record<Turn['turn'], string>> = {
  slowed: 'Slowed down',
  left_alone: 'Left alone',
  tried_again: 'Tried again',
  back: 'Back again',
};

/** What the marks and bands mean, in order of time; the marks' colours stand beside their words. */
function eventList({ waits, turns, turnsLeftOut }: TimeLineData, spanMs: number): Html {
  const events = [
    ...turns.map((turn) => ({ atMs: turn.atMs, what: turnItem(turn) })),
    ...waits.map((wait) => ({ atMs: wait.fromMs, what: waitItem(wait) })),
  ].sort((a, b) => a.atMs - b.atMs);
  if (events.length === 0) return NOTHING;
  const shown = events.slice(0, EVENTS_SHOWN);
  const items = shown.map(
    ({ atMs, what }) => html`<li><time>${sinceStart(atMs, spanMs)}</time><span>${what}</span></li>`,
  );
  const left = events.length - shown.length + turnsLeftOut;
  const more = left === 0 ? NOTHING : html`<li><time></time><span class="soft">and ${count(left)} more</span></li>`;
  return html`<ul class="events" aria-label="Marks and bands of the time line">${items}${more}</ul>`;
}

function turnItem({ turn, line }: Turn): Html {
  return html`<svg class="sign" viewBox="0 0 10 10" aria-hidden="true"><line class="m-${turn}" x1="5" x2="5" y1="0" y2="10"/></svg><b>${TURN_WORDS[turn]}:</b> ${line}`;
}

function waitItem({ fromMs, toMs, addresses, for: whom }: Wait): Html {
  const who = addresses === 1 ? '1 address' : `${count(addresses)} addresses`;
  const why = whom === 'hosts' ? 'whose hosts had asked to come back later' : 'that another mailgate was asking about';
  return html`<svg class="sign" viewBox="0 0 10 10" aria-hidden="true"><rect class="wait" width="10" height="10"/></svg><b>Waited</b> ${duration((toMs - fromMs) / 1000)} for ${who} ${why}`;
}

export function heldBackSection({ summary }: ReportModel): Html {
  const held = summary.heldBack ?? [];
  if (held.length === 0) return NOTHING;
  const items = held.slice(0, HOLDERS_SHOWN).map(({ words, ...one }) => {
    const said = words === '' ? NOTHING : html` <span class="soft">“${words}”</span>`;
    return html`<li><b>${one.provider}</b> ${whatItDid({ words, ...one })}.${said}</li>`;
  });
  const left = held.length - items.length;
  const more = left <= 0 ? NOTHING : html`<li class="soft">and ${count(left)} more</li>`;
  return html`<section><h2>Who held the run back</h2><p class="lead">Providers that asked for patience or refused this machine. That says nothing about their addresses.</p><ul class="plain">${items}${more}</ul></section>`;
}

export function conditionsSection(model: ReportModel): Html {
  const { summary, conditions, startedAt, endedAt, version } = model;
  const facts = [
    { label: 'List', value: model.list },
    { label: 'Began', value: utc(startedAt) },
    { label: 'Ended', value: utc(endedAt) },
    { label: 'Made by', value: `mailgate ${version}` },
    { label: 'Asked just now', value: plural(summary.sources.live, 'row') },
    ...conditions,
  ].map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`);
  return html`<section><h2>How it was made</h2><p class="lead">Who asks, and from where, decides what mail servers answer. Options that were set are shown as they counted.</p><dl class="facts">${facts}</dl></section>`;
}
