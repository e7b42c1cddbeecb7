// Forwarding services that give each sender an address of its own: real people read that mail, so these are neither
// disposable nor ordinary mailbox providers.

/** True for the domain of a relay service or a name below it. Input: A-labels, lower case. */
export function isRelayDomain(domain: string): boolean {
  let name = domain;
  for (;;) {
    if (RELAY_DOMAINS.has(name)) return true;
    const dot = name.indexOf('.');
    if (dot < 0) return false;
    name = name.slice(dot + 1);
  }
}

/** Domain and service. Compiled by hand from common knowledge in November 2026; the services' help pages were not re-read. */
export const RELAY_ROWS: readonly (readonly [domain: string, service: string])[] = [
  ['duck.com', 'DuckDuckGo Email Protection'],
  ['mozmail.com', 'Firefox Relay'],
  ['relay.firefox.com', 'Firefox Relay, first years'],
  ['privaterelay.appleid.com', 'Apple, Sign in with Apple'],
  ['private.icloud.com', 'Apple, Hide My Email'],
  ['simplelogin.com', 'SimpleLogin'],
  ['simplelogin.co', 'SimpleLogin'],
  ['simplelogin.fr', 'SimpleLogin'],
  ['simplelogin.io', 'SimpleLogin'],
  ['slmail.me', 'SimpleLogin'],
  ['slmails.com', 'SimpleLogin'],
  ['aleeas.com', 'SimpleLogin'],
  ['dralias.com', 'SimpleLogin'],
  ['8alias.com', 'SimpleLogin'],
  ['8shield.net', 'SimpleLogin'],
  ['silomails.com', 'SimpleLogin'],
  ['passmail.net', 'Proton Pass'],
  ['passmail.com', 'Proton Pass'],
  ['passinbox.com', 'Proton Pass'],
  ['passfwd.com', 'Proton Pass'],
  ['addy.io', 'addy.io'],
  ['addymail.com', 'addy.io'],
  ['anonaddy.com', 'addy.io, former name'],
  ['anonaddy.me', 'addy.io, former name'],
  ['mailer.me', 'addy.io'],
  ['4wrd.cc', 'addy.io'],
  ['burnermail.io', 'Burner Mail'],
  ['opayq.com', 'IronVest, formerly Blur'],
  ['cloaked.id', 'Cloaked'],
  ['clkdmail.com', 'Cloaked'],
];

const RELAY_DOMAINS = new Set(RELAY_ROWS.map(([domain]) => domain));
