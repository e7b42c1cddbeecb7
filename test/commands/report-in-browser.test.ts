// The page of verify --report in a real browser: it shows the figures of the run, loads nothing, and runs nothing.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MOODS } from '../../src/sandbox/moods.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { type Look, openBrowser, type Page, requireChromium } from '../support/chromium.ts';
import { freshFolder, type Workdir } from '../support/mailgate.ts';
import { listOf } from './rows.ts';
import { startWorld } from './world.ts';

const DEMO = new URL('../../fixtures/legacy-list.csv', import.meta.url).pathname;

interface Summary {
  readonly rows: number;
  readonly status: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
}

async function demoReport(t: TestContext): Promise<{ readonly folder: Workdir; readonly summary: Summary }> {
  const folder = freshFolder(t);
  const flags = ['--sandbox', '--wait', '0s', '-q', '--report', 'report.html', '--summary', 'run.json'];
  const { exitCode, stderr } = await folder.run(['verify', DEMO, '-o', 'clean.csv', ...flags]);
  assert.equal(exitCode, 0, stderr);
  return { folder, summary: JSON.parse(folder.read('run.json')) as Summary };
}

/** Checks what holds for every page, however it is looked at. */
async function assertQuiet(page: Page): Promise<void> {
  assert.deepEqual(page.complaints, [], 'the console is silent');
  assert.deepEqual(page.dialogues, []);
  assert.equal(page.requests.length, 1, `only the page itself is asked for: ${page.requests.join(' ')}`);
  assert.equal(await page.evaluate('document.scripts.length'), 0);
}

/** How far anything reaches beyond the right edge of the window. */
const OVERFLOW = `Math.max(...[...document.querySelectorAll('body *')].filter((one) => !one.closest('thead'))
  .map((one) => one.getBoundingClientRect().right)) - document.documentElement.clientWidth`;

const LOOKS: readonly (readonly [name: string, look: Look])[] = [
  ['a wide light screen', {}],
  ['a dark screen', { scheme: 'dark' }],
  ['a phone of 360 pixels', { width: 360, height: 740 }],
  ['a browser without JavaScript', { scripts: false }],
];

test('the report shows the figures of the summary on every screen, asks for nothing and fits', async (t) => {
  if (!requireChromium(t)) return;
  const { folder, summary } = await demoReport(t);
  const browser = await openBrowser(t);
  for (const [name, look] of LOOKS) {
    const page = await browser.open(folder.pathOf('report.html'), look);
    await t.test(`on ${name}`, async () => {
      await assertQuiet(page);
      const tiles = await page.evaluate<string[]>(
        `[...document.querySelectorAll('.tile b')].map((b) => b.textContent)`,
      );
      const { valid, catchall, unknown, invalid } = summary.status;
      assert.deepEqual(tiles.map(Number), [valid, catchall, unknown, invalid]);
      assert.deepEqual(await reasonsOn(page), new Map(Object.entries(summary.reasons).sort()));
      assert.ok((await page.evaluate<number>(OVERFLOW)) <= 0, 'nothing reaches beyond the window');
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true);
    });
  }
});

async function reasonsOn(page: Page): Promise<Map<string, number>> {
  const pairs = await page.evaluate<[string, string][]>(
    `[...document.querySelectorAll('section')].find((one) => one.querySelector('h2')?.textContent === 'Why')
      && [...[...document.querySelectorAll('section')].find((one) => one.querySelector('h2')?.textContent === 'Why')
        .querySelectorAll('tbody tr')].map((row) => [row.querySelector('code').textContent, row.querySelector('td:last-child b').textContent])`,
  );
  return new Map(pairs.map(([reason, rows]) => [reason, Number(rows)] as const).sort());
}

/** The contrast of each text with what lies behind it (WCAG 2.2, 1.4.3), for the texts that have too little. */
const FAINT = `(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => {
    const colour = getComputedStyle(one).backgroundColor;
    return parts(colour)[3] === 0 && one.parentElement ? ground(one.parentElement) : colour;
  };
  const texts = [...document.querySelectorAll('body *')].filter((one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return texts.filter((one) => !one.closest('svg')).map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), one.textContent.trim().slice(0, 40)];
  }).filter(([contrast]) => contrast < 4.5);
})()`;

test('the report can be read by everybody: contrast, headings, and charts that say what they show', async (t) => {
  if (!requireChromium(t)) return;
  const { folder } = await demoReport(t);
  const browser = await openBrowser(t);
  for (const scheme of ['light', 'dark'] as const) {
    const page = await browser.open(folder.pathOf('report.html'), { scheme });
    assert.deepEqual(await page.evaluate(FAINT), [], scheme);
    const levels = await page.evaluate<number[]>(
      `[...document.querySelectorAll('h1,h2,h3,h4')].map((one) => Number(one.tagName[1]))`,
    );
    assert.equal(levels.filter((level) => level === 1).length, 1);
    const isLeftOut = levels.some((level, at) => level - (levels[at - 1] ?? 0) > 1);
    assert.ok(!isLeftOut, `no level of headings is left out: ${levels}`);
  }
  const phone = await browser.open(folder.pathOf('report.html'), { width: 360 });
  const named = await phone.accessibleNames();
  const images = named.filter(({ role }) => role === 'image' || role === 'img');
  assert.ok(images.length > 10 && images.every(({ name }) => name.length > 10), JSON.stringify(images.slice(0, 3)));
  assert.ok(
    named.some(({ role }) => role === 'columnheader'),
    'folded for the phone, a table is still one',
  );
});

test('what hosts, domains and file names say is shown and does nothing', async (t) => {
  if (!requireChromium(t)) return;
  const folder = freshFolder(t);
  const moods = [
    ['markup', MOODS.markupText],
    ['bidi', MOODS.bidiText],
    ['binary', MOODS.binaryText],
    ['door', { at: { banner: { raw: `554 "><img src=x onerror=alert(1)><script>alert(2)</script>${EVIL}\r\n` } } }],
    ['later', { at: { rcpt: { raw: `450 4.2.0 </small></table><style>body{display:none}</style>${EVIL}\r\n` } } }],
    ['busy', { at: { banner: { raw: `421 4.7.0 <iframe src="https://evil.test/"></iframe>${EVIL}\r\n` } } }],
  ] as const;
  const hosts = moods.map(([name, mood], i) => ({
    ...{ name: `mx.${name}.test`, addresses: [`127.34.9.${i + 1}`], domains: [`${name}.test`] },
    ...mood,
  }));
  const { flags } = await startWorld(t, worldOf({ hosts, zones: [] }));
  const list = `<img src=x onerror=alert(3)>${'x'.repeat(60)}.csv`;
  folder.write(list, listOf(moods.flatMap(([name]) => [`anna.b@${name}.test`, `<b>${name}@x`, `bob@${name}.test`])));
  const args = [
    'verify',
    list,
    '-o',
    'clean.csv',
    ...flags,
    '--command-timeout',
    '5s',
    '-q',
    '--report',
    'report.html',
  ];
  assert.equal((await folder.run(args)).exitCode, 0);
  const browser = await openBrowser(t);
  for (const width of [1100, 360]) {
    const page = await browser.open(folder.pathOf('report.html'), { width });
    await assertQuiet(page);
    assert.equal(
      await page.evaluate(`document.querySelectorAll('img, iframe, object, embed, link, a, form').length`),
      0,
    );
    assert.equal(await page.evaluate(`document.querySelectorAll('style').length`), 1);
    const text = await page.evaluate<string>('document.body.innerText');
    assert.match(text, /<img src=x onerror=alert\(1\)>/, 'it is shown as it was said');
    assert.match(text, /<img src=x onerror=alert\(3\)>/);
    assert.doesNotMatch(text, /anna\.b|bob@/, 'no address is held');
    assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069]/);
    assert.ok((await page.evaluate<number>(OVERFLOW)) <= 0, `${width}: nothing reaches beyond the window`);
  }
});

const EVIL = '<svg onload=alert(4)> javascript:alert(5) &lt;script&gt;';
