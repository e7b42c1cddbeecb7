// Lays out the report as one HTML page that needs nothing from elsewhere: no network, no scripts, and a policy that says so.
import { createHash } from 'node:crypto';
import type { Status } from '../../verdict.ts';
import { count, duration, plural } from '../number-words.ts';
import { STATUS_WORDS } from '../reason-words.ts';
import { percent, ring, SHOWN_STATUSES } from './charts.ts';
import { type Html, html, NOTHING, styleElement } from './html.ts';
import type { ReportModel } from './model.ts';
import { conditionsSection, heldBackSection, timeSection } from './page-run.ts';
import { domainsSection, hygieneSection, providersSection, reasonsSection } from './page-tables.ts';
import { STYLE_SHEET } from './style.ts';
import { utc } from './words.ts';

/** The whole page as text. */
export function reportPage(model: ReportModel): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${lastName(model.list)}: mailgate report</title>
${styleElement(STYLE_SHEET)}
</head>
<body>
${header(model)}
<main>
${notices(model)}
${headline(model)}
${stepsSection(model)}
${reasonsSection(model)}
${providersSection(model)}
${domainsSection(model)}
${hygieneSection(model)}
${timeSection(model)}
${heldBackSection(model)}
${conditionsSection(model)}
</main>
<footer><p>Made by mailgate ${model.version}. The page holds counts and names of domains, no address of the list, and loads nothing from the network.</p></footer>
</body>
</html>
`;
  return page.toString();
}

/** Nothing may be loaded, and no style counts but ours, which its digest names (CSP level 3, section 6.7.3). */
function policy(): string {
  const digest = createHash('sha256').update(STYLE_SHEET).digest('base64');
  return `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
}

function header({ list, startedAt, endedAt, summary }: ReportModel): Html {
  const seconds = (endedAt - startedAt) / 1000;
  return html`<header>
<p class="brand">mailgate list report</p>
<h1>${lastName(list)}</h1>
<p class="when">${utc(endedAt)} · ${plural(summary.rows, 'row')} in ${duration(seconds)}</p>
</header>`;
}

/** The path stands among the conditions. */
function lastName(list: string): string {
  return list.split(/[\\/]/).at(-1) ?? list;
}

/** What a reader must know before believing any figure. */
function notices({ outcome, reach, isSandbox, summary }: ReportModel): Html {
  const notChecked = count(summary.reasons['not_checked'] ?? 0);
  const lines: Html[] = [];
  if (isSandbox) {
    const say = 'A pretend mail world on this machine answered: nothing here says anything about real mailboxes.';
    lines.push(html`<p><b>A demonstration.</b> ${say}</p>`);
  }
  if (outcome === 'time_limit') {
    const say = `${notChecked} rows were not asked about and count as unclear. Run the same command again to go on.`;
    lines.push(html`<p><b>Stopped at the time limit.</b> ${say}</p>`);
  }
  if (reach === 'offline') {
    const say = 'Only the text of the addresses and verdicts kept from earlier runs were looked at (--offline).';
    lines.push(html`<p><b>Nobody was asked.</b> ${say}</p>`);
  }
  if (reach === 'dns') {
    const say = 'Domains were looked up, but no mail server was asked about a mailbox (--no-smtp).';
    lines.push(html`<p><b>No mail server was asked.</b> ${say}</p>`);
  }
  return lines.length === 0 ? NOTHING : html`<div class="notice" role="note">${lines}</div>`;
}

function headline({ summary, tally }: ReportModel): Html {
  const { status, rows } = summary;
  if (rows === 0) return html`<section><p class="verdict">The list has no rows.</p></section>`;
  const tiles = SHOWN_STATUSES.map((each) =>
    tile(each, { rows: status[each], all: rows, distinct: tally.distinct[each] }),
  );
  const share = percent(status.valid, rows);
  return html`<section class="headline" aria-labelledby="headline">
<h2 class="verdict" id="headline">${headlineWords(summary)}</h2>
${ring(status, { large: share, small: 'can be mailed' })}
<ul class="tiles">${tiles}</ul>
</section>`;
}

function headlineWords({ status, rows }: ReportModel['summary']): string {
  const open = status.unknown + status.catchall;
  const can = `${count(status.valid)} of ${plural(rows, 'row')} can be mailed`;
  const cannot = status.invalid === 0 ? 'none is dead' : `${count(status.invalid)} should not`;
  return `${can}, ${cannot}${open === 0 ? '.' : `, and ${count(open)} ${open === 1 ? 'is' : 'are'} open.`}`;
}

function tile(
  status: Status,
  counts: { readonly rows: number; readonly all: number; readonly distinct: number },
): Html {
  const { rows, all, distinct } = counts;
  const words = STATUS_WORDS[status];
  const different =
    distinct === rows ? '' : ` ${count(distinct)} different ${distinct === 1 ? 'address' : 'addresses'}.`;
  return html`<li class="tile b-${status}"><span class="title">${words.title}</span><b>${count(rows)}</b><span class="share">${percent(rows, all)}</span><span class="means">${words.means}${different}</span></li>`;
}

function stepsSection({ steps, summary, endedAt }: ReportModel): Html {
  if (steps.length === 0) return NOTHING;
  const when = summary.putOff === null ? '' : ` Times count from ${utc(endedAt)}.`;
  const items = steps.map(
    ({ say, command }) => html`<li>${say}${command === null ? NOTHING : html`<pre><code>${command}</code></pre>`}</li>`,
  );
  return html`<section><h2>What to do next</h2><p class="lead">The most useful first.${when}</p><ol class="steps">${items}</ol></section>`;
}
