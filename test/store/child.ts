// A second process for the tests of this room: opens the store given, and does as its first argument says.
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/clock.ts';
import { MailgateError } from '../../src/errors.ts';
import { BatchWriter } from '../../src/store/batch-writer.ts';
import { openStore } from '../../src/store/database.ts';
import { openWorkFile } from '../../src/store/work-file.ts';
import { someVerdict } from './scratch.ts';

const [task, path = '', name = ''] = process.argv.slice(2);

if (task === 'open') tryOpening();
else if (task === 'fill') fill();
else if (task === 'write-for-ever') writeForEver();
else if (task === 'commit-often') commitOften();
else if (task === 'leave-work-file') leaveWorkFile();

/** Prints the error of opening, or "opened". */
function tryOpening(): void {
  try {
    openStore({ path, clock: systemClock }).close();
    console.log('opened');
  } catch (error) {
    if (!(error instanceof MailgateError)) throw error;
    console.log(`${error.kind}: ${error.message} ${error.hint}`);
  }
}

/** Writes 40 batches of 10 verdicts at as many domains, some of which the other children write to as well. */
function fill(): void {
  const store = openStore({ path, clock: systemClock });
  for (let batch = 0; batch < 40; batch += 1) {
    const keys = Array.from({ length: 10 }, (_, index) => `${name}-${index}@domain${batch}.test`);
    store.verdicts.putMany(keys.map((key) => ({ key, verdict: someVerdict() })));
    store.domains.rememberControl(`domain${batch}.test`, `control-of-${name}`);
  }
  store.close();
}

/** Decides an address every millisecond and prints how many are committed, until it is killed. */
function writeForEver(): void {
  const store = openStore({ path, clock: systemClock });
  let committed = 0;
  const writer = new BatchWriter<string>({
    clock: systemClock,
    onFailure: (error) => {
      throw error;
    },
    write: (keys) => {
      store.verdicts.putMany(keys.map((key) => ({ key, verdict: someVerdict() })));
      committed += keys.length;
      console.log(String(committed));
    },
  });
  let decided = 0;
  setInterval(() => {
    for (let count = 0; count < 7; count += 1) writer.put(`user${decided++}@list.test`);
  }, 1);
}

/** Commits 60 batches over many pages, so that the log is merged and begun anew some times, and prints after each commit. */
function commitOften(): void {
  const store = openStore({ path, clock: systemClock });
  for (let batch = 0; batch < 60; batch += 1) {
    const keys = Array.from({ length: 100 }, (_, index) => `user${batch}@domain${(index * 7919) % 3000}.test`);
    store.verdicts.putMany(keys.map((key) => ({ key, verdict: someVerdict() })));
    writeSync(1, `committed ${batch}\n`);
  }
  store.close();
}

function leaveWorkFile(): void {
  const work = openWorkFile({ folder: path });
  work.addJobs([{ id: 1, domainId: 1, local: 'ann', smtputf8: false }]);
  console.log(work.path);
  process.kill(process.pid, 'SIGKILL');
}
