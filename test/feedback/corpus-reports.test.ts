// Holds the reading of complaints and reports to the labelled corpora, where those are at hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasDmarcCorpus, measureDmarc } from '../corpus/dmarc.ts';
import { hasFblCorpus, measureFbl } from '../corpus/fbl.ts';

const skipFbl = hasFblCorpus() ? false : 'the corpus of complaints is not here (../shared/corpora/fbl)';
const skipDmarc = hasDmarcCorpus() ? false : 'the corpus of reports is not here (../shared/corpora/dmarc)';

test('complaints of the corpus are read as labelled', { skip: skipFbl }, () => {
  const { right, complaints, lines } = measureFbl();
  assert.equal(right, complaints, lines.join('\n'));
});

test('reports of the corpus are read as labelled', { skip: skipDmarc }, async () => {
  const { right, reports, lines } = await measureDmarc();
  assert.equal(right, reports, lines.join('\n'));
});
