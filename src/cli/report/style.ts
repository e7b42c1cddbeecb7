// The style sheet of the report: system fonts, light and dark, narrow screens and paper; nothing is loaded from anywhere.

/**
 * The colours of the statuses are Okabe and Ito's ("Color Universal Design", 2008), which people with any common colour
 * vision can tell apart, shifted until each has a contrast of 3 to 1 with its ground (WCAG 2.2, 1.4.11).
 */
export const STYLE_SHEET = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --card: #ffffff; --ink: #1b2230; --soft: #586174; --line: #e1e5ec; --track: #edf0f4; --code: #f4f5f8;
  --valid: #00916a; --catchall: #bd7e00; --unknown: #4d83b5; --invalid: #cf5500; --wait: #e9e4f5; --mark: #7b4fc9;
  --accent: #2457c5; --notice: #fff6e0; --notice-line: #e6c56b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12151b; --card: #1b2029; --ink: #e8ebf1; --soft: #a4adbd; --line: #2f3744; --track: #2a313d; --code: #141820;
    --valid: #2cbf90; --catchall: #e8ab2e; --unknown: #7ab0e0; --invalid: #f3813f; --wait: #332b4d; --mark: #b69af0;
    --accent: #8fb4ff; --notice: #2d2716; --notice-line: #75622b;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
}
main, header, footer { max-width: 1040px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 44px; }
.brand { margin: 0; color: var(--soft); font-size: 13px; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; }
h1 { margin: 4px 0 2px; font-size: clamp(26px, 5vw, 38px); line-height: 1.15; letter-spacing: -.02em; text-wrap: balance; }
.when { margin: 0 0 20px; color: var(--soft); }
h2 { margin: 0 0 4px; font-size: 20px; line-height: 1.3; letter-spacing: -.01em; }
h3 { margin: 20px 0 4px; font-size: 16px; }
p { margin: 0 0 12px; }
.lead { color: var(--soft); margin-bottom: 16px; max-width: 70ch; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 24px; margin: 0 0 20px; }
.notice { background: var(--notice); border: 1px solid var(--notice-line); border-radius: 12px; padding: 12px 16px; margin: 0 0 20px; }
.notice p:last-child { margin: 0; }
.headline { display: grid; grid-template-columns: 240px 1fr; gap: 28px; align-items: center; }
.verdict { grid-column: 1 / -1; margin: 0; font-size: clamp(20px, 3.4vw, 28px); line-height: 1.3; letter-spacing: -.01em; text-wrap: balance; }
.ring { display: block; width: 100%; max-width: 240px; margin: 0 auto; }
.ring circle { fill: none; stroke-width: 26; }
.ring text { fill: var(--ink); }
.ring .large { font-size: 29px; font-weight: 700; letter-spacing: -.02em; }
.ring .small { font-size: 13px; fill: var(--soft); }
.track { fill: var(--track); stroke: var(--track); }
.ring .track { fill: none; }
.s-valid { stroke: var(--valid); } .s-catchall { stroke: var(--catchall); } .s-unknown { stroke: var(--unknown); } .s-invalid { stroke: var(--invalid); }
.f-valid { fill: var(--valid); } .f-catchall { fill: var(--catchall); } .f-unknown { fill: var(--unknown); } .f-invalid { fill: var(--invalid); }
.tiles { display: grid; grid-template-columns: repeat(2, 1fr); gap: 12px; margin: 0; padding: 0; list-style: none; }
.tile { border: 1px solid var(--line); border-left: 6px solid; border-radius: 10px; padding: 12px 16px; }
.b-valid { border-left-color: var(--valid); } .b-catchall { border-left-color: var(--catchall); }
.b-unknown { border-left-color: var(--unknown); } .b-invalid { border-left-color: var(--invalid); }
.tile b { font-size: 28px; line-height: 1.15; font-variant-numeric: tabular-nums; letter-spacing: -.02em; }
.tile .share { color: var(--soft); font-variant-numeric: tabular-nums; margin-left: 6px; }
.tile .title { display: block; font-weight: 600; }
.tile .title::first-letter { text-transform: uppercase; }
.tile .means { display: block; color: var(--soft); font-size: 14px; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; color: var(--soft); padding-bottom: 8px; }
th { text-align: left; font-size: 13px; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line); padding: 4px 16px 6px 0; }
td { vertical-align: top; padding: 12px 16px 12px 0; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; padding-bottom: 0; }
td:nth-child(1) { width: 36%; }
th:last-child, td:last-child { text-align: right; padding-right: 0; white-space: nowrap; font-variant-numeric: tabular-nums; }
td b { font-weight: 600; }
td:last-child b { font-size: 18px; }
.soft, td small { color: var(--soft); }
small { font-size: 13px; }
td small { display: block; }
.lack { margin: 14px 0 0; }
.bar { display: block; width: 100%; height: 10px; margin-top: 6px; border-radius: 5px; }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 14px; padding: 0; list-style: none; font-size: 14px; }
.key svg { width: 12px; height: 12px; margin-right: 6px; vertical-align: -1px; border-radius: 3px; }
code, pre { font-family: ui-monospace, "Cascadia Code", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13.5px; }
code { background: var(--code); border-radius: 4px; padding: 1px 5px; }
pre { margin: 6px 0 0; padding: 10px 14px; background: var(--code); border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; }
pre code { background: none; padding: 0; }
ol.steps { margin: 0; padding: 0; list-style: none; counter-reset: step; }
ol.steps li { position: relative; padding: 0 0 16px 42px; counter-increment: step; }
ol.steps li:last-child { padding-bottom: 0; }
ol.steps li::before {
  content: counter(step); position: absolute; left: 0; top: 0; width: 26px; height: 26px; border-radius: 50%;
  background: var(--accent); color: var(--card); font-size: 14px; font-weight: 700; line-height: 26px; text-align: center;
}
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 14px 24px; margin: 0; }
.facts dt { color: var(--soft); font-size: 14px; }
.facts dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts dd small { font-weight: 400; color: var(--soft); display: block; }
.plot { display: grid; grid-template-columns: auto 1fr; gap: 0 10px; }
.scale { display: flex; flex-direction: column; justify-content: space-between; padding-top: 20px; text-align: right; font-size: 12px; line-height: 1; color: var(--soft); }
.scale span { transform: translateY(50%); } .scale span:first-child { transform: translateY(0); }
.time { display: block; width: 100%; height: 220px; }
.ticks { grid-column: 2; display: flex; justify-content: space-between; font-size: 12px; color: var(--soft); padding-top: 4px; }
.grid { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
.wait { fill: var(--wait); }
.m-slowed, .m-left_alone, .m-tried_again, .m-back { stroke-width: 3; vector-effect: non-scaling-stroke; }
.m-slowed { stroke: var(--catchall); } .m-left_alone { stroke: var(--invalid); } .m-tried_again { stroke: var(--unknown); } .m-back { stroke: var(--valid); }
.events { margin: 14px 0 0; padding: 0; list-style: none; }
.events li { display: grid; grid-template-columns: 92px 1fr; gap: 10px; padding: 5px 0; border-top: 1px solid var(--line); font-size: 14px; }
.sign { width: 10px; height: 10px; margin-right: 8px; }
.plain { margin: 0; padding: 0; list-style: none; }
.plain li { padding: 6px 0; border-top: 1px solid var(--line); }
.events time { color: var(--soft); font-variant-numeric: tabular-nums; }
footer { color: var(--soft); font-size: 13px; padding-bottom: 44px; }
@media (max-width: 700px) {
  main, header, footer { padding-left: 14px; padding-right: 14px; }
  header { padding-top: 26px; }
  section { padding: 18px 16px; }
  .headline { grid-template-columns: 1fr; gap: 18px; }
  .ring { max-width: 200px; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tbody, table, caption { display: block; }
  tr { display: grid; grid-template-columns: 1fr 92px; gap: 4px 14px; padding: 12px 0; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; padding-bottom: 0; }
  td { display: block; padding: 0; border: 0; }
  td:nth-child(1) { width: auto; }
  td:last-child { white-space: normal; }
  .facts { grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); }
  td:nth-child(2) { grid-column: 1 / -1; order: 3; }
  .ticks span:nth-child(even) { display: none; }
}
@media (max-width: 420px) { .tiles { grid-template-columns: 1fr; } }
@media print {
  :root { --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --track: #eee; --code: #fff; color-scheme: light; }
  body { font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: 14px 0; margin: 0; }
  tr, li, .headline, .plot, h2, h3 { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
`;
