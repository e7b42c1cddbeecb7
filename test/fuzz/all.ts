// Every property that is fuzzed, the one that takes longest first.
import { addressSyntax } from './addresses.ts';
import { dnsMessages } from './dns-messages.ts';
import type { FuzzProperty } from './fuzz-property.ts';
import { listFiles } from './lists.ts';
import { replyMeanings } from './meanings.ts';
import { returnedMessages } from './messages.ts';
import { replyParsing } from './replies.ts';
import { reportFiles } from './reports.ts';
import { shownText } from './shown-text.ts';

export const FUZZ_PROPERTIES: readonly FuzzProperty[] = [
  listFiles,
  reportFiles,
  returnedMessages,
  replyMeanings,
  replyParsing,
  dnsMessages,
  addressSyntax,
  shownText,
];
