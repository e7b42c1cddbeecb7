// Measures src/smtp/meaning.ts on labelled real replies; fails below the floors, skips where the corpus is absent.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { CORPUS_FILES, measureReplies, readCorpus } from '../corpus/replies.ts';

const absent = CORPUS_FILES.filter((file) => !existsSync(file));
const skip = absent.length > 0 ? `the labelled corpus is absent: ${absent.join(', ')}` : false;

test('labelled replies mean what people who read them said', { skip }, (t) => {
  const figures = measureReplies(readCorpus());
  for (const line of figures.lines) t.diagnostic(line);
  assert.equal(
    figures.falselyMissing.hits,
    0,
    'refusals of the sender and temporary ones called not_found or not_accepted',
  );
  assert.ok(figures.missing.share >= 0.98, 'missing mailboxes recognised');
  assert.ok(figures.fullOrDisabled.share >= 0.95, 'full and disabled mailboxes recognised');
  assert.ok(figures.right.share >= 0.93, 'all replies');
});
