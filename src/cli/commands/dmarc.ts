// `mailgate dmarc`: reads DMARC and TLS reports, keeps each once, and sums up who sends as a domain and what passes.
import type { Command } from 'commander';
import { DMARC_OPTIONS } from '../dmarc-options.ts';
import { COMMON_OPTIONS } from '../options.ts';
import { addOptions } from '../settings.ts';
import { type CommandContext, readSettings } from './context.ts';

const EXAMPLES = `
Examples:
  mailgate dmarc reports/                            (read, keep, list, and sum up what was read)
  mailgate dmarc Maildir/ --only-new --mark-seen     (every night)
  mailgate dmarc                                     (who sends as my domains, by all that is kept)
  mailgate dmarc --by domain,month --since 365d
  mailgate dmarc --domain example.com --by source --format csv > sources.csv
  mailgate dmarc report.xml.gz --json --records --no-store
  mailgate dmarc reports/ --json --field-names parsedmarc

Paths are reports (XML, JSON, gzip, zip), messages, folders, Maildirs or mboxes, told by content; - is standard input.
Files are never changed unless --move-to or --mark-seen asks for it. Reports are kept in the SQLite file, each once.

--json prints one object a report: "file", "kind" (aggregate, failure, tls, invalid), "status" (parsed, duplicate, ignored,
unsupported, refused, corrupt, retryable), "org", "report_id", "domain", "begin" and "end" (Unix seconds), "records",
"messages", "dmarc_pass", "dmarc_fail", "dkim_pass", "spf_pass", "disposition", "policy", "errors" [{code, detail, count}].
With --field-names parsedmarc it has parsedmarc's: "report_metadata", "policy_published", "records" with "source",
"alignment", "policy_evaluated", "identifiers" and "auth_results"; nothing is looked up, so countries and names are null.

Roll-ups count messages. Reports of more than a day are spread over their days, periods are UTC.
Exit codes: 0 done, 3 something named could not be read.`;

export function addDmarcCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('dmarc')
    .summary('read DMARC and TLS reports, and sum them up')
    .description('Read DMARC and TLS reports, and say who sends as your domains, what passes, what fails and why.')
    .argument('[path...]', 'reports, messages, folders, Maildirs, mboxes, or - for standard input; none: sum up')
    .addHelpText('after', EXAMPLES);
  addOptions(command, [...DMARC_OPTIONS, ...COMMON_OPTIONS]);
  command.action(async (paths: string[]) => {
    const settings = readSettings(command, DMARC_OPTIONS, context);
    const { dmarcSession } = await import('../dmarc-session.ts');
    context.exitWith(await dmarcSession(paths, settings, context.invocation));
  });
}
