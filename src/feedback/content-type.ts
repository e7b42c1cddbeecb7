// Reads a Content-Type or Content-Disposition value into its type and parameters (RFC 2045 section 5.1, RFC 2231).

export interface ContentType {
  /** Lower case, without parameters; '' where there was none. */
  readonly type: string;
  /** Names in lower case; values as they stand, continuations (`name*0`, `name*1`) joined. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** No real field has more; a crafted one would only cost time. */
const MAX_PARAMETERS = 50;

/** Tolerant of missing semicolons' spaces, stray quotes and comments; never throws. */
export function parseContentType(value: string): ContentType {
  const semicolon = value.indexOf(';');
  const type = (semicolon === -1 ? value : value.slice(0, semicolon)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  let position = semicolon === -1 ? value.length : semicolon + 1;
  for (let count = 0; position < value.length && count < MAX_PARAMETERS; count += 1) {
    const { name, text, next } = parameterAt(value, position);
    position = next;
    if (name !== '') addParameter(parameters, name, text);
  }
  return { type: type.split(/\s/, 1)[0] ?? '', parameters };
}

function parameterAt(value: string, position: number): { name: string; text: string; next: number } {
  const equals = value.indexOf('=', position);
  const semicolon = value.indexOf(';', position);
  if (equals === -1) return { name: '', text: '', next: value.length };
  if (semicolon !== -1 && semicolon < equals) return { name: '', text: '', next: semicolon + 1 };
  const name = value.slice(position, equals).trim().toLowerCase();
  const rest = value.slice(equals + 1);
  const start = rest.length - rest.trimStart().length;
  if (rest[start] === '"') {
    const end = closingQuote(rest, start + 1);
    const after = value.indexOf(';', equals + 1 + end);
    const text = rest.slice(start + 1, end).replace(/\\(.)/g, '$1');
    return { name, text, next: after === -1 ? value.length : after + 1 };
  }
  const text = (semicolon === -1 ? rest : value.slice(equals + 1, semicolon)).trim();
  return { name, text, next: semicolon === -1 ? value.length : semicolon + 1 };
}

function closingQuote(text: string, start: number): number {
  for (let i = start; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

/** RFC 2231: `name*0="a"; name*1="b"` is one value; `name*=utf-8''a%20b` is percent-encoded. */
function addParameter(parameters: Map<string, string>, name: string, text: string): void {
  const star = name.indexOf('*');
  if (star === -1) {
    if (!parameters.has(name)) parameters.set(name, text);
    return;
  }
  const base = name.slice(0, star);
  const plain = name.endsWith('*') ? withoutPercent(text) : text;
  parameters.set(base, (parameters.get(base) ?? '') + plain);
}

function withoutPercent(text: string): string {
  const encoded = text.replace(/^[\w.-]{0,40}'[\w-]{0,20}'/, '');
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded; // not UTF-8: the raw form still tells a name apart
  }
}
