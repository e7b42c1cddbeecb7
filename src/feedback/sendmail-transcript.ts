// Reads the session transcripts sendmail puts into its reports, as the only evidence in those of its old versions.
import { type TextRecipient, uniqueRecipients } from './address-blocks.ts';
import { plainAddress } from './recipient-address.ts';

/** `550 5.1.1 <addr>... User unknown`, `554 <addr>... Remote protocol error`, `<addr>... Deferred: …`. */
const RECIPIENT_LINE =
  /^\s{0,4}(?:([45]\d\d)[ -])?(?:([45]\.\d{1,3}\.\d{1,3}) )?<?([^<>\s]{1,400}@[^<>\s]{1,255}?)>?\.\.\.\s{0,4}(.*)$/;
const SESSION_LINE = /^\s{0,4}(?:\.\.\. )?while talking to /i;
const REPLY_LINE = /^\s{0,4}<<<\s{0,4}[45]\d\d/;

/**
 * The recipients a transcript blames, each with the refusals the session showed since the one before, and with the
 * command they answered, for `quotedReply` and `stageInTranscript` to read.
 */
export function readTranscript(lines: readonly string[]): TextRecipient[] {
  const recipients: TextRecipient[] = [];
  let session: string[] = [];
  for (const line of lines) {
    const match = RECIPIENT_LINE.exec(line.slice(0, 1000));
    const address = match === null ? null : plainAddress(match[3] ?? '');
    if (match !== null && address !== null) {
      const own = [match[1], match[2], match[4]].filter((piece) => piece !== undefined).join(' ');
      recipients.push({ address, text: [...session, own].join('\n'), expandedFrom: null });
      session = [];
    } else if (SESSION_LINE.test(line)) session = [];
    else if (REPLY_LINE.test(line) || /^\s{0,4}>>>\s/.test(line)) session.push(line.trim().slice(0, 1000));
  }
  return uniqueRecipients(recipients);
}
