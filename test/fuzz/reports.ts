// Fuzzes the readers of DMARC and TLS reports, archives included: no bytes make them throw, and cuts between them change nothing.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type ReportReading, readReports } from '../../src/feedback/dmarc.ts';
import type { DmarcRecord } from '../../src/feedback/dmarc-records.ts';
import { zipOf } from '../feedback/zip-writer.ts';
import { fuzzProperty } from './fuzz-property.ts';
import { cuts, damaged, damages, inPieces } from './pieces.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'fixtures', 'dmarc');
const sampleOf = (ending: string): Buffer[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(FOLDER, name)));
const DOCUMENTS = [...sampleOf('.xml'), ...sampleOf('.json')];
const ARCHIVES = [
  ...[...sampleOf('.gz'), ...sampleOf('.zip'), ...sampleOf('.eml')],
  ...DOCUMENTS.flatMap((content) => [
    gzipSync(content),
    zipOf([
      { name: 'a', content },
      { name: 'b', content: gzipSync(content), claimedSize: 1 },
    ]),
  ]),
];

/** What is put somewhere into a document. */
const FRAGMENTS: readonly string[] = [
  ...[
    '<record>',
    '</record>',
    '<row><count>1</count></row>',
    '<count>-1</count>',
    '<count>9e99</count>',
    '</feedback>',
  ],
  ...[
    '<source_ip>::ffff:192.0.2.1</source_ip>',
    '<!DOCTYPE x [<!ENTITY e "x">]>',
    '&e;',
    '&#0;',
    '&#xd800;',
    '<![CDATA[',
  ],
  ...[']]>', '<!--', '-->', '<?xml encoding="utf-16"?>', '<a:b xmlns:a="x" ', '\xff\xfe', '\xef\xbb\xbf', '\0', '<x>'],
  ...['"policies":[]', '{', '[[[[', '}', '"total-failure-session-count":1e308', '\\ud800', ',', '"', '__proto__'],
];

const documents = fc
  .record({
    sample: fc.constantFrom(...DOCUMENTS),
    additions: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        text: fc.constantFrom(...FRAGMENTS),
        times: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, fc.constantFrom(3, 60)),
      }),
      { maxLength: 3 },
    ),
    harm: fc.oneof(fc.constant([]), damages),
    wrapping: fc.constantFrom('none', 'none', 'none', 'gzip', 'zip', 'utf-16'),
  })
  .map(({ sample, additions, harm, wrapping }) => {
    const text = additions.reduce((before, { at, text: added, times }) => {
      const place = Math.floor(at * before.length);
      return before.slice(0, place) + added.repeat(times) + before.slice(place);
    }, sample.toString('latin1'));
    const content = damaged(Buffer.from(text, 'latin1'), harm);
    if (wrapping === 'none') return content;
    if (wrapping === 'utf-16') return Buffer.from(`\ufeff${content.toString('utf8')}`, 'utf16le');
    return wrapping === 'gzip' ? gzipSync(content) : zipOf([{ name: 'report.xml', content }]);
  });
const archives = fc.tuple(fc.constantFrom(...ARCHIVES), damages).map(([archive, harm]) => damaged(archive, harm));

export const reportFiles = fuzzProperty({
  name: 'reports',
  holds:
    'a DMARC or TLS report, however damaged, packed and cut, is read or refused with a reason, and counts stay numbers',
  cases: fc.record({
    bytes: fc.oneof({ weight: 3, arbitrary: documents }, { weight: 1, arbitrary: archives }),
    cuts,
  }),
  async check({ bytes, cuts: places }) {
    const whole = await readAll([bytes]);
    const cut = await readAll(inPieces(bytes, places));
    // What is mended of a faulty document depends on how much of it is in sight.
    if (isFaultless(whole) || isFaultless(cut))
      assert.deepEqual(cut, whole, 'the pieces in which it comes do not matter');
    assert.ok(whole.readings.length >= 1, 'something is said of every file');
    for (const { count } of whole.records) assert.ok(Number.isSafeInteger(count) && count >= 0, String(count));
    for (const reading of whole.readings) checkReading(reading);
    return whole.readings.some(({ status }) => status === 'report');
  },
});

interface ReadAll {
  readonly readings: ReportReading[];
  readonly records: DmarcRecord[];
}

function isFaultless({ readings }: ReadAll): boolean {
  return readings.every((reading) => reading.status === 'report' && reading.report.errors.length === 0);
}

async function readAll(chunks: readonly Buffer[]): Promise<ReadAll> {
  const readings: ReportReading[] = [];
  const records: DmarcRecord[] = [];
  const newSink = () => ({ record: (record: DmarcRecord) => void records.push(record) });
  for await (const reading of readReports(chunks, { newSink })) readings.push(reading);
  return { readings, records };
}

function checkReading(reading: ReportReading): void {
  const fault = reading.status === 'invalid' ? reading.fault : null;
  if (fault !== null) assert.ok(fault.code !== '' && fault.detail.length < 1000, JSON.stringify(fault).slice(0, 200));
  else assert.ok(JSON.stringify(reading).length < 200_000, 'what is kept of a report is bounded');
}
