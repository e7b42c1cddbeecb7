// The names of the columns mailgate adds to a list, in their order; part of the contract with whoever reads the output.

export const ALL_COLUMNS = [
  'status',
  'reason',
  'score',
  'smtp_code',
  'smtp_enhanced',
  'smtp_reply',
  'stage',
  'mx',
  'provider',
  'address',
  'suggestion',
  'role',
  'disposable',
  'free',
  'suppressed',
  'duplicate_of',
  'attempts',
  'checked_at',
  'source',
] as const;

export type ColumnName = (typeof ALL_COLUMNS)[number];

/** What most people look at: the verdict, the SMTP code and why, and the address probably meant. */
export const BASIC_COLUMNS: readonly ColumnName[] = ['status', 'reason', 'smtp_code', 'suggestion'];
