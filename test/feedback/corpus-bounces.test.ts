// Holds the reading of bounces to its targets on the labelled corpus, where that is at hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasBounceCorpus, measureBounces, readBounceCorpus } from '../corpus/bounces.ts';

const skip = hasBounceCorpus() ? false : 'the corpus of bounces is not here (../shared/corpora/bounce)';

test('bounces of the corpus are read as labelled', { skip }, () => {
  const figures = measureBounces(readBounceCorpus());
  const told = figures.lines.join('\n');
  assert.ok(figures.kind.share >= 0.99, told);
  assert.ok(figures.recipients.share >= 0.97, told);
  assert.ok(figures.hardOrSoft.share >= 0.98, told);
  assert.ok(figures.falselyHard.share <= 0.005, told);
});
