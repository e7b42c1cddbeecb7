// Reads the JSON notifications of Amazon SES, which come by mail through SNS instead of a report.
import { plainAddress } from './recipient-address.ts';
import { addressWithout, judgedAddress, type ReportedAddress } from './reported-address.ts';

export interface ServiceNotification {
  readonly kind: 'bounce' | 'complaint' | 'delivery';
  readonly recipients: readonly {
    readonly address: string;
    readonly action: string;
    readonly status: string | null;
    readonly text: string;
  }[];
  readonly reportingMta: string | null;
  readonly messageId: string | null;
}

/** Real notifications are a few kilobytes. */
const MAX_JSON = 256_000;

/**
 * The notification a text begins with, or null. Mail wraps its long line, and a footer follows the object.
 * Format: docs.aws.amazon.com/ses/latest/dg/notification-contents.html
 */
export function readServiceNotification(text: string): ServiceNotification | null {
  const start = text.slice(0, 2000).indexOf('{');
  if (start === -1 || !/"(?:notificationType|eventType)\\?"/.test(text.slice(start, start + 4000))) return null;
  const outer = parseObject(text.slice(start, start + MAX_JSON));
  const value = outer === null ? null : unwrapped(outer);
  if (value === null) return null;
  const type = textAt(value, 'notificationType') || textAt(value, 'eventType');
  const messageId = textAt(objectAt(value, 'mail'), 'messageId') || null;
  if (type === 'Bounce') return bounceNotification(objectAt(value, 'bounce'), messageId);
  if (type === 'Complaint') return complaintNotification(objectAt(value, 'complaint'), messageId);
  return type === 'Delivery' ? deliveryNotification(objectAt(value, 'delivery'), messageId) : null;
}

/** What a notification means for its recipients. */
export function judgeNotification({ kind, recipients }: ServiceNotification): {
  kind: 'bounce' | 'complaint' | 'not_bounce';
  recipients: ReportedAddress[];
} {
  switch (kind) {
    case 'complaint':
      return { kind, recipients: recipients.map(({ address }) => addressWithout('feedback', address)) };
    case 'delivery':
      return { kind: 'not_bounce', recipients: recipients.map(judgedAddress) };
    case 'bounce':
      return { kind, recipients: recipients.map(judgedAddress) };
  }
}

type Fields = ReadonlyMap<string, unknown>;

/** Mail gateways fold the line after some hundred characters, anywhere; the object itself holds no line ends. */
function parseObject(text: string): Fields | null {
  const whole = text.replace(/\n[ \t]?/g, '');
  const end = endOfObject(whole);
  if (end === -1) return null;
  try {
    return fieldsOf(JSON.parse(whole.slice(0, end)));
  } catch {
    return null;
  }
}

/** Behind the brace that closes the first object; strings may hold braces. */
function endOfObject(text: string): number {
  let depth = 0;
  let isString = false;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (character === '\\' && isString) i += 1;
    else if (character === '"') isString = !isString;
    else if (!isString && character === '{') depth += 1;
    else if (!isString && character === '}') {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}

/** SNS puts the notification, as text, into an envelope of its own. */
function unwrapped(outer: Fields): Fields {
  const inner = textAt(outer, 'Message');
  return (inner === '' ? null : parseObject(inner)) ?? outer;
}

function bounceNotification(bounce: Fields, messageId: string | null): ServiceNotification {
  return {
    kind: 'bounce',
    reportingMta: textAt(bounce, 'reportingMTA').replace(/^\w{1,10};\s{0,4}/, '') || null,
    messageId,
    recipients: listAt(bounce, 'bouncedRecipients').flatMap((recipient) =>
      recipientOf(textAt(recipient, 'emailAddress'), {
        action: textAt(recipient, 'action') || 'failed',
        status: textAt(recipient, 'status') || null,
        text: textAt(recipient, 'diagnosticCode').replace(/^\w{1,10};\s{0,4}/, ''),
      }),
    ),
  };
}

function complaintNotification(complaint: Fields, messageId: string | null): ServiceNotification {
  const recipients = listAt(complaint, 'complainedRecipients').flatMap((recipient) =>
    recipientOf(textAt(recipient, 'emailAddress'), { action: '', status: null, text: '' }),
  );
  return { kind: 'complaint', recipients, reportingMta: null, messageId };
}

function deliveryNotification(delivery: Fields, messageId: string | null): ServiceNotification {
  const recipients = listAt(delivery, 'recipients').flatMap((address) =>
    recipientOf(typeof address === 'string' ? address : '', {
      action: 'delivered',
      status: null,
      text: textAt(delivery, 'smtpResponse'),
    }),
  );
  return { kind: 'delivery', recipients, reportingMta: textAt(delivery, 'reportingMTA') || null, messageId };
}

function recipientOf<Rest extends object>(text: string, rest: Rest): ({ address: string } & Rest)[] {
  const address = plainAddress(text);
  return address === null ? [] : [{ address, ...rest }];
}

/** A Map, for the names are a stranger's. */
function fieldsOf(value: unknown): Fields {
  return new Map(typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []);
}

function objectAt(fields: Fields, name: string): Fields {
  return fieldsOf(fields.get(name));
}

function textAt(fields: unknown, name: string): string {
  const map = fields instanceof Map ? (fields as Fields) : fieldsOf(fields);
  const value = map.get(name);
  return typeof value === 'string' ? value : '';
}

function listAt(fields: Fields, name: string): readonly unknown[] {
  const value = fields.get(name);
  return Array.isArray(value) ? value.slice(0, 1000) : [];
}
