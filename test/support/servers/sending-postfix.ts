// Runs the Postfix of somebody who sends mail: it passes on what it is given, and returns what fails into a Maildir.
import { chown, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type PostfixServer, type PostfixSettings, startPostfix } from './postfix.ts';
import { type Endpoint, openConversation } from './smtp-probe.ts';

export interface SendingPostfixOptions extends Endpoint {
  readonly hostname: string;
  /** Whatever is sent to this domain is delivered into the Maildir. */
  readonly returnDomain: string;
  /** The domains it may send to, and where their mail goes; no name server is asked. */
  readonly routes: ReadonlyMap<string, Endpoint>;
}

export interface SendingPostfix {
  readonly server: PostfixServer;
  /** Gone when the server has stopped. */
  readonly maildir: string;
  /** Hands it one message; returns when it has taken it, which says nothing of its delivery. */
  submit(envelope: Envelope): Promise<void>;
  /** Waits until this address's mail is delivered: passed on to the next host, or put into the Maildir. */
  untilDelivered(recipient: string): Promise<void>;
  /** Waits until so many messages are new in the Maildir, and returns their names. */
  untilReturned(count: number): Promise<readonly string[]>;
}

export interface Envelope {
  readonly from: string;
  readonly to: string;
}

/** nobody and nogroup: Postfix delivers to no mailbox as root. */
const MAIL_OWNER = 65_534;
/** Its name in the server's folder. */
const MAILDIR = 'returned';
/** Long, for a machine whose two cores are busy; an undisturbed Postfix returns a message within a fraction of a second. */
const DELIVERY_DEADLINE_MS = 30_000;
const RETRY_MS = 25;

/** Starts it; returns when it gives its banner. */
export async function startSendingPostfix(options: SendingPostfixOptions): Promise<SendingPostfix> {
  const { address, port, hostname, returnDomain } = options;
  const server = await startPostfix({
    hostname,
    listeners: [{ address, port }],
    domains: [{ name: returnDomain, mailboxes: 'everybody' }],
    settings: deliverySettings(options),
  });
  const maildir = await makeMaildir(server.folder);
  return {
    server,
    maildir,
    submit: (envelope) => submit({ address, port }, envelope),
    async untilDelivered(recipient) {
      const isDelivery = (line: string) => line.includes(` to=<${recipient}>, `) && line.includes(' status=sent ');
      await until(`mail for ${recipient}`, server, async () => (await server.log()).some(isDelivery));
    },
    async untilReturned(count) {
      let names: readonly string[] = [];
      await until(`${count} returned messages`, server, async () => {
        names = await readdir(join(maildir, 'new'));
        return names.length >= count;
      });
      return names;
    },
  };
}

function deliverySettings({ routes }: SendingPostfixOptions): PostfixSettings {
  const transports = [...routes].map(([domain, to]) => `{ ${domain} = smtp:[${to.address}]:${to.port} }`);
  return {
    relay_domains: [...routes.keys()].join(' '),
    transport_maps: `inline:{ ${transports.join(' ')} }`,
    // There is no service that keeps connections for the next message, and looking for it takes a second.
    smtp_connection_cache_on_demand: 'no',
    virtual_transport: 'virtual',
    virtual_mailbox_base: '$config_directory',
    virtual_mailbox_maps: `static:${MAILDIR}/`,
    virtual_uid_maps: `static:${MAIL_OWNER}`,
    virtual_gid_maps: `static:${MAIL_OWNER}`,
  };
}

/** Makes it as Postfix would for the first message, which it cannot in a folder of root's. */
async function makeMaildir(folder: string): Promise<string> {
  const maildir = join(folder, MAILDIR);
  for (const path of [maildir, ...['tmp', 'new', 'cur'].map((name) => join(maildir, name))]) {
    await mkdir(path, { mode: 0o700 });
    await chown(path, MAIL_OWNER, MAIL_OWNER);
  }
  return maildir;
}

async function submit(endpoint: Endpoint, { from, to }: Envelope): Promise<void> {
  const conversation = await openConversation(endpoint);
  const steps: readonly [line: string, code: string][] = [
    ['EHLO newsletter.client.test', '250'],
    [`MAIL FROM:<${from}>`, '250'],
    [`RCPT TO:<${to}>`, '250'],
    ['DATA', '354'],
    [`From: News <news@client.test>\r\nTo: <${to}>\r\nSubject: News of the week\r\n\r\nNothing new.\r\n.`, '250'],
    ['QUIT', '221'],
  ];
  try {
    for (const [line, code] of steps) {
      const reply = await conversation.say(line);
      if (!reply.startsWith(code)) throw new Error(`${line}: ${reply}`);
    }
  } finally {
    conversation.close();
  }
}

async function until(what: string, server: PostfixServer, isMet: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DELIVERY_DEADLINE_MS;
  while (!(await isMet())) {
    if (performance.now() > deadline)
      throw new Error(`waited in vain for ${what}:\n${(await server.log()).join('\n')}`);
    await pause(RETRY_MS);
  }
}
