// The parts of the report that are tables: reasons, providers, domains, and how tidy the list itself is.
import { type Reason, statusOf } from '../../verdict.ts';
import { count, plural } from '../number-words.ts';
import { REASON_WORDS, STATUS_WORDS } from '../reason-words.ts';
import { percent, plainBar, SHOWN_STATUSES, stackedBar, sumOf } from './charts.ts';
import type { NameCount } from './heaviest-names.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { ReportModel } from './model.ts';
import { type Precision, unclearRows } from './tally.ts';

interface Row {
  readonly main: Html;
  readonly note: Html;
  readonly figure: Html;
}

/** Every table has the same three columns, so that on a phone each can fold in the same way; the roles keep it a table there. */
function table(caption: string, heads: readonly [string, string, string], rows: readonly Row[]): Html {
  const cells = ({ main, note, figure }: Row): Html =>
    html`<tr role="row"><td role="cell">${main}</td><td role="cell">${note}</td><td role="cell">${figure}</td></tr>\n`;
  const head = heads.map((text) => html`<th role="columnheader" scope="col">${text}</th>`);
  return html`<table role="table"><caption>${caption}</caption><thead role="rowgroup"><tr role="row">${head}</tr></thead><tbody role="rowgroup">${rows.map(cells)}</tbody></table>`;
}

/** What the colours mean. */
export function colourKey(): Html {
  const items = SHOWN_STATUSES.map(
    (status) =>
      html`<li><svg viewBox="0 0 1 1" aria-hidden="true"><rect class="f-${status}" width="1" height="1"/></svg>${STATUS_WORDS[status].title}</li>`,
  );
  return html`<ul class="key" aria-label="What the colours mean">${items}</ul>`;
}

export function reasonsSection({ summary }: ReportModel): Html {
  const met = (Object.entries(summary.reasons) as [Reason, number][]).filter(([, rows]) => rows > 0);
  if (met.length === 0) return NOTHING;
  const most = Math.max(...met.map(([, rows]) => rows));
  const order = (reason: Reason): number => SHOWN_STATUSES.indexOf(statusOf(reason));
  met.sort((a, b) => order(a[0]) - order(b[0]) || b[1] - a[1]);
  const rows = met.map(([reason, having]) => {
    const words = REASON_WORDS[reason];
    return {
      main: html`<b>${words.title}</b><small><code>${reason}</code></small>${plainBar(statusOf(reason), having, most)}`,
      note: html`${words.means}<small>${words.todo}</small>`,
      figure: html`<b>${count(having)}</b><small>${percent(having, summary.rows)}</small>`,
    };
  });
  return html`<section><h2>Why</h2>${colourKey()}${table('Each reason that was found, under its status.', ['Reason', 'What it means, and what to do', 'Rows'], rows)}</section>`;
}

export function providersSection({ tally }: ReportModel): Html {
  const { shown, others, none, precision } = tally.providers;
  if (shown.length === 0) return NOTHING;
  const most = Math.max(...shown.map(({ rows }) => rows), sumOf(others.status));
  const rows = shown.map((one) => ({
    main: html`<b>${one.name}</b>${stackedBar(one.status, most)}`,
    note: reasonsOf(one.reasons),
    figure: html`<b>${count(one.rows)}</b><small>${percent(one.status.valid, one.rows)} can be mailed</small>`,
  }));
  const left = sumOf(others.status);
  if (left > 0) {
    const names =
      others.names === 0 ? 'All others' : `${precision.isPartial ? 'More than ' : ''}${count(others.names)} others`;
    rows.push({
      main: html`<b>${names}</b>${stackedBar(others.status, most)}`,
      note: html`<span class="soft">Smaller ones, added up.</span>`,
      figure: html`<b>${count(left)}</b><small>${percent(others.status.valid, left)} can be mailed</small>`,
    });
  }
  const without =
    none === 0
      ? ''
      : ` ${plural(none, 'row')} ${none === 1 ? 'was' : 'were'} settled without any, by text, records or DNS alone.`;
  return html`<section><h2>By provider</h2><p class="lead">Who runs the mail servers, the largest first: five thousand domains hosted at one company are one provider.${without}</p>${colourKey()}${table('Rows of each provider by status.', ['Provider', 'Commonest reasons', 'Rows'], rows)}${precisionNote(precision, 'providers')}</section>`;
}

function reasonsOf(reasons: NameCount['reasons']): Html {
  const shown = reasons.slice(0, 3).map(([reason, rows]) => `${REASON_WORDS[reason].title} (${count(rows)})`);
  const more = reasons.length > 3 ? ` and ${plural(reasons.length - 3, 'more reason')}` : '';
  return html`${shown.join(' · ')}${more}`;
}

export function domainsSection({ tally }: ReportModel): Html {
  const { invalid, unclear, precision } = tally.domains;
  if (invalid.length === 0 && unclear.length === 0) return NOTHING;
  const note = precisionNote(precision, 'domains');
  return html`<section><h2>Worst domains</h2>${invalidTable(invalid)}${unclearTable(unclear)}${note}</section>`;
}

function invalidTable(domains: readonly NameCount[]): Html {
  if (domains.length === 0) return NOTHING;
  const rows = domains.map((one) => ({
    main: html`<b>${one.name}</b>${stackedBar(one.status, one.rows)}`,
    note: reasonsOf(one.reasons.filter(([reason]) => statusOf(reason) === 'invalid')),
    figure: html`<b>${count(one.status.invalid)}</b><small>${percent(one.status.invalid, one.rows)} of ${count(one.rows)}</small>`,
  }));
  return html`<h3>Most dead addresses</h3>${table('Domains by rows that should not be mailed.', ['Domain', 'Why', 'Rows'], rows)}`;
}

function unclearTable(domains: readonly NameCount[]): Html {
  if (domains.length === 0) return NOTHING;
  const rows = domains.map((one) => {
    const reasons = one.reasons.filter(([reason]) => statusOf(reason) === 'unknown');
    return {
      main: html`<b>${one.name}</b>${stackedBar(one.status, one.rows)}`,
      note: html`${reasonsOf(reasons)}${one.cause === '' ? NOTHING : html`<small>“${one.cause}”</small>`}`,
      figure: html`<b>${count(unclearRows(one))}</b><small>${percent(unclearRows(one), one.rows)} of ${count(one.rows)}</small>`,
    };
  });
  return html`<h3>Most doubt</h3>${table('Domains by rows that nobody could tell about, and why in the words of the first of them.', ['Domain', 'Why', 'Rows'], rows)}`;
}

function precisionNote({ names, missedAtMost, isPartial }: Precision, what: string): Html {
  if (!isPartial) return html`<p class="soft lack"><small>Counted exactly over ${count(names)} ${what}.</small></p>`;
  const say = `The list has more ${what} than are counted one by one: each of these may have up to ${count(missedAtMost)} more rows.`;
  return html`<p class="soft lack"><small>${say}</small></p>`;
}

export function hygieneSection({ summary, tally }: ReportModel): Html {
  const { rows, duplicates, repaired, suggestions, blankRows, sources } = summary;
  if (rows === 0) return NOTHING;
  const facts = [
    fact('Duplicates', duplicates, 'rows whose address stood there before'),
    fact('Repaired', repaired, 'cells with a name, spaces or brackets around the address'),
    fact('Probably mistyped', suggestions, 'see the suggestion column'),
    fact('Role addresses', tally.flags.role, 'such as info@ or sales@: nobody’s own'),
    fact('Disposable', tally.flags.disposable, 'made to be thrown away'),
    fact('Free mail', tally.flags.free, 'at providers where anybody gets a mailbox'),
    fact('Blank rows', blankRows, 'kept, and counted nowhere else'),
    html`<div><dt>From earlier runs</dt><dd>${percent(sources.cache, rows)}<small>${plural(sources.cache, 'row')} needed no new question</small></dd></div>`,
  ];
  return html`<section><h2>How tidy the list is</h2><dl class="facts">${facts}</dl></section>`;
}

function fact(label: string, number: number, note: string): Html {
  return html`<div><dt>${label}</dt><dd>${count(number)}<small>${note}</small></dd></div>`;
}
