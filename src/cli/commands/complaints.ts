// `mailgate complaints`: reads what feedback loops send and says who complained, so that nobody mails them again.
import type { Command } from 'commander';
import { COMPLAINTS_OPTIONS } from '../complaints-options.ts';
import { COMMON_OPTIONS } from '../options.ts';
import { addOptions } from '../settings.ts';
import { type CommandContext, readSettings } from './context.ts';

const EXAMPLES = `
Examples:
  mailgate complaints Maildir/
  mailgate complaints fbl.mbox --json
  mailgate complaints Maildir/ --dry-run             (what would be suppressed)
  mailgate complaints Maildir/ --suppress --move-to done/
  mailgate complaints Maildir/ --suppress --sent-log sent.csv --verp-key verp.key

Paths are messages, folders of messages, Maildirs or mboxes; - is standard input. Nothing is changed unless asked for.
abuse suppresses as a complaint, opt-out as an unsubscribe; fraud, virus and other are for people to look at; not-spam and
auth-failure suppress nobody ("mailgate dmarc" reads the latter). Who complained is told by what we signed (--verp-key), by
the fields of the report, or by the Message-ID in --sent-log, a CSV with columns of Message-IDs and addresses. A redacted
address is nobody.

--json prints one object a message: "file", "kind" (complaint, not_complaint, unparsed), "feedback_type", "action"
(suppress, unsubscribe, report, none), "recipients" [{"address", "outcome", "why"}], "recipient_from", "unresolved",
"redacted", "verified", "source_ip", "user_agent", "original_mail_from", "reported_domains", "message_id" …
Exit codes: 0 done, 1 done, but it is unknown who made some complaint, 3 something named could not be read.`;

export function addComplaintsCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('complaints')
    .summary('read complaints, and suppress who made them')
    .description('Read complaints of feedback loops and say who complained, of which message.')
    .argument('<path...>', 'messages, folders, Maildirs, mboxes, or - for standard input')
    .addHelpText('after', EXAMPLES);
  addOptions(command, [...COMPLAINTS_OPTIONS, ...COMMON_OPTIONS]);
  command.action(async (paths: string[]) => {
    const settings = readSettings(command, COMPLAINTS_OPTIONS, context);
    const { complaintsSession } = await import('../complaints-session.ts');
    context.exitWith(await complaintsSession(paths, settings, context.invocation));
  });
}
