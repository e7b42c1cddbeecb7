// Reads the fields of a feedback report part (ARF: RFC 5965, RFC 6591, RFC 9477); what follows from them is for others.

import { type MimeMessage, type MimePart, textOfPart } from './mime.ts';
import { type MailHeaders, readHeaders } from './mime-headers.ts';

/** The fields of a message's feedback report by lower-case name, or null where it has none. */
export function feedbackFieldsOf(message: MimeMessage): MailHeaders | null {
  const part = message.parts.find(isFeedbackPart) ?? message.parts.find(isUndeclaredFeedback);
  return part === undefined ? null : fieldsOf(textOfPart(part, MOST_CHARACTERS));
}

/** Real ones have one to four kilobytes; an Authentication-Results field or a list of URIs may make some more. */
const MOST_CHARACTERS = 256_000;
const LIMITS = { maxHeaderBytes: MOST_CHARACTERS, maxHeaderFields: 2000, maxHeaderValue: 8000 };

function isFeedbackPart({ type }: MimePart): boolean {
  return type === 'message/feedback-report' || type === 'message/x-feedback-report';
}

/** Gateways that rewrite MIME types leave the fields as text; one line alone may be a person's. */
function isUndeclaredFeedback(part: MimePart): boolean {
  if (!/^(?:text\/plain|application\/octet-stream|text\/feedback-report)$/.test(part.type)) return false;
  return (
    /^\s{0,100}(?:feedback-type|user-agent|version)[ \t]*:/i.test(part.raw.slice(0, 500)) &&
    /^feedback-type[ \t]*:/im.test(part.raw.slice(0, 8000)) &&
    /^(?:user-agent|version|original-[a-z-]{1,20}|source-ip|arrival-date|reported-domain)[ \t]*:/im.test(
      part.raw.slice(0, 8000),
    )
  );
}

/** Empty lines would end a block of fields; here some reporters put them between. */
function fieldsOf(text: string): MailHeaders {
  return readHeaders(text.trimStart().replace(/\n\s*\n/g, '\n'), 0, LIMITS).headers;
}
