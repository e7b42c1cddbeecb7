// Keeps the answers of the pretend world and those of the real one in files of their own.
import type { Connection } from './connection.ts';
import { APPLICATION_ID, PRETEND_APPLICATION_ID } from './migrations.ts';
import { refuse } from './sqlite-errors.ts';

/** Who gives the answers that a run reads and keeps: mail hosts out there, or those of the sandbox. */
export type World = 'real' | 'pretend';

/** Tables with something that somebody answered; suppressions and reports are people's own, whichever world is asked. */
const HOLDS_ANSWERS = `
  SELECT EXISTS (SELECT 1 FROM verdict) OR EXISTS (SELECT 1 FROM mail_hosts) OR EXISTS (SELECT 1 FROM retry)
    OR EXISTS (SELECT 1 FROM domain WHERE control IS NOT NULL OR catchall IS NOT NULL)`;

/**
 * Makes sure that the file is one for this world. One without answers becomes a pretend world's with the first run that
 * asks there, and stays so: the mark is the file's application id, so an older mailgate refuses it as well.
 * @throws {MailgateError} of kind 'store' where it holds the other world's answers.
 */
export function keepToWorld(connection: Connection, world: World): void {
  if (worldOf(connection) === world) return;
  if (world === 'real') {
    throw refuse(
      connection.path,
      'is for the answers of the pretend world (--sandbox)',
      'For real addresses name another file with --db.',
    );
  }
  connection.write(() => {
    const holdsAnswers = connection.prepare<readonly [number]>(HOLDS_ANSWERS);
    if (holdsAnswers.get()?.[0] === 1) {
      throw refuse(
        connection.path,
        'holds answers about real addresses',
        "Name another file with --db for the pretend world's, or leave --db out.",
      );
    }
    connection.pragma(`application_id = ${PRETEND_APPLICATION_ID}`);
  });
}

function worldOf(connection: Connection): World {
  return Number(connection.pragma('application_id')) === APPLICATION_ID ? 'real' : 'pretend';
}
