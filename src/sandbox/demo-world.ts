// The world in which fixtures/legacy-list.csv lives: a few big providers, small companies, and every way to fail.
// Real names stand here because mailgate knows them (providers, free mail, typos); only the sandbox answers for them.
import { MOODS } from './moods.ts';
import type { MailHost, World, Zone } from './world.ts';
import { addressZone, mailboxes, mailZone, people, worldOf } from './world-builders.ts';

/** Everything the demo needs, on 127.0.20.1 to 127.0.20.60 of loopback. */
export function demoWorld(): World {
  return worldOf({ hosts: [...PROVIDERS, ...COMPANIES, ...TROUBLED], zones: ZONES, samples: SAMPLES });
}

const SAMPLES = [
  { address: 'anna.bergmann@gmail.com', gives: 'valid: accepted, and others are refused there' },
  { address: 'j.doe.1987@gmail.com', gives: 'invalid: mailbox_not_found' },
  { address: 'oma.erna@gmx.de', gives: 'invalid: mailbox_full' },
  { address: 'anyone@nordwind-consulting.example', gives: 'catchall: accepts_anything' },
  { address: 'termin@kanzlei-brandt.test', gives: 'unknown: greylisted' },
  { address: 'info@festung-bank.test', gives: 'unknown: blocked (a refusal aimed at the client)' },
  { address: 'laura@gmial.com', gives: 'invalid: domain_not_found, with a suggestion' },
];

/** Big operators, each with the manners it is known for. */
const PROVIDERS: readonly MailHost[] = [
  {
    name: 'gmail-smtp-in.l.google.com',
    aliases: ['alt1.gmail-smtp-in.l.google.com'],
    addresses: ['127.0.20.1'],
    provider: 'google',
    domains: ['gmail.com', 'googlemail.com'],
    wording: 'google',
    offers: { smtputf8: true, starttls: 'works' },
    limits: { oneDomain: true },
    mailboxes: mailboxes([
      ...fine(
        'anna.bergmann',
        'lucas.morel',
        'carmen.ortiz',
        'sofia.keller92',
        'jp.lefevre',
        'shane.ohara',
        'mats.lund',
      ),
      ...fine('giulia.conti', 'tomasz.nowak', 'ines.ferreira', 'paul.wagner.muc', 'claire.dubois75', 'newsletter.bob'),
      ['rose.grandma', 'full'],
      ['old.account.2009', 'disabled'],
    ]),
  },
  {
    name: 'aspmx.l.google.com',
    addresses: ['127.0.20.2'],
    provider: 'google',
    domains: ['kaffeehaus-lindner.example', 'atelier-moreau.example', 'olivar-del-sur.example'],
    wording: 'google',
    offers: { starttls: 'works' },
    limits: { oneDomain: true },
    mailboxes: mailboxes([
      ...fine('info@kaffeehaus-lindner.example', 'maria.lindner@kaffeehaus-lindner.example'),
      ...fine('bonjour@atelier-moreau.example', 'elise@atelier-moreau.example'),
      ...fine('pedidos@olivar-del-sur.example', 'javier.ruiz@olivar-del-sur.example'),
      ['praktikum@kaffeehaus-lindner.example', 'disabled'],
    ]),
  },
  {
    name: 'outlook-com.olc.protection.outlook.com',
    addresses: ['127.0.20.3'],
    provider: 'microsoft',
    domains: ['outlook.com', 'hotmail.com'],
    wording: 'outlook',
    ...MOODS.oneRecipientATransaction,
    mailboxes: mailboxes([
      ...fine('k.fischer', 'nadia.belkacem', 'diego_santos', 'hannah.weiss', 'marc-andre.roy'),
      ['peter.voll', 'full'],
    ]),
  },
  {
    name: 'spedition-krueger-example.mail.protection.outlook.com',
    aliases: ['bistro-lavande-example.mail.protection.outlook.com'],
    addresses: ['127.0.20.4'],
    provider: 'microsoft',
    domains: ['spedition-krueger.example', 'bistro-lavande.example'],
    wording: 'microsoft',
    offers: { starttls: 'works' },
    mailboxes: mailboxes([
      ...fine(
        'dispo@spedition-krueger.example',
        'u.krueger@spedition-krueger.example',
        'lkw@spedition-krueger.example',
      ),
      ...fine('reservation@bistro-lavande.example', 'chef@bistro-lavande.example'),
      ['f.alt@spedition-krueger.example', 'disabled'],
    ]),
  },
  {
    name: 'nordwind-consulting-example.mail.protection.outlook.com',
    addresses: ['127.0.20.5'],
    provider: 'microsoft',
    domains: ['nordwind-consulting.example'],
    wording: 'microsoft',
    ...MOODS.catchAll,
  },
  {
    name: 'mta5.am0.yahoodns.net',
    addresses: ['127.0.20.6'],
    provider: 'yahoo',
    domains: ['yahoo.com', 'yahoo.fr'],
    wording: 'yahoo',
    mailboxes: people('sarah.j.miller', 'b.lambert'),
  },
  {
    name: 'mx00.gmx.net',
    addresses: ['127.0.20.7'],
    provider: 'ionos',
    domains: ['gmx.de', 'web.de'],
    limits: { softErrors: 10, hardErrors: 20, softDelayMs: 100 },
    mailboxes: mailboxes([
      ...fine('anna.schmidt', 'bernd.hoffmann', 'jutta_m', 'kfz-meier', 'sabine.krause', 'uwe.lehmann', 'dr.wolf'),
      ['oma.erna', 'full'],
      ['opa.heinz', 'full_for_now'],
    ]),
  },
  {
    name: 'smtp-in.orange.fr',
    addresses: ['127.0.20.8'],
    domains: ['orange.fr'],
    mailboxes: mailboxes([
      ...fine('francois.lemaire', 'amelie.petit'),
      // Orange gives 5.1.1 to full mailboxes too, and says so in French.
      ['rene.plein', { say: '552 5.1.1 <{rcpt}> Boite du destinataire pleine. OFR_417' }],
      ['inconnu.jean', { say: '550 5.1.1 Adresse d au moins un destinataire invalide. OFR_416' }],
    ]),
  },
];

/** Small companies that answer truthfully, each on another kind of server. */
const COMPANIES: readonly MailHost[] = [
  {
    ...small('schreinerei-huber.test', 11, 'info', 'josef.huber', 'lehrling', 'werkstatt'),
    limits: { softErrors: 10, hardErrors: 20, softDelayMs: 100 },
  },
  { ...small('librairie-dupont.test', 12, 'contact', 'odile.dupont', 'commandes'), ...MOODS.eximSync },
  { ...small('panaderia-ruiz.test', 13, 'hola', 'maria.jose', 'ventas'), ...MOODS.noPipelining },
  { ...small('greenfield-dental.test', 14, 'reception', 'dr.patel', 'billing'), wording: 'sendmail' },
  { ...small('nordlicht-verlag.test', 15, 'redaktion', 'k.petersen') },
  { ...small('imprimerie-girard.test', 16, 'devis', 'yves.girard') },
  {
    ...small('weinhaus-keller.test', 17, 'bestellung', 'theo'),
    domains: ['weinhaus-keller.test', 'post.weinhaus-keller.test'],
  },
  { ...small('xn--mnchner-brauhaus-jzb.test', 18, 'stammtisch', 'wirt') },
  { ...small('strassenbau-ohm.test', 19, 'müller', 'buero'), ...MOODS.smtputf8 },
  { ...small('altmodisch-druck.test', 20, 'satz', 'joe smith'), ...MOODS.noEhlo },
  { ...small('sichere-post.test', 21, 'vertrauen', 'kontakt'), ...MOODS.tlsRequired },
  { ...small('lahme-ente.test', 22, 'quak'), wire: { thinkMs: 150 } },
  { ...small('probier-mich.test', 23, 'anna', 'info'), fatesByName: true },
  { ...small('altstadt-apotheke.test', 24, 'rezept', 'notdienst'), greylist: soon() },
  { ...small('mailinator.com', 25), ...MOODS.catchAll },
  { ...small('hotmial.com', 26), ...MOODS.catchAll },
];

/** Hosts that keep the answer to themselves. */
const TROUBLED: readonly MailHost[] = [
  { ...small('kanzlei-brandt.test', 31, 'termin', 'brandt'), greylist: tomorrow() },
  { ...small('festung-bank.test', 32), ...MOODS.blockedAtBanner },
  { ...small('strenger-filter.test', 33), ...MOODS.blockedAtRcpt },
  { ...small('notariat-vogel.test', 34), ...MOODS.calloutFailed },
  { ...small('vielpost.test', 35), ...MOODS.rateLimited },
  { ...small('hotel-halbmond.test', 36), otherwise: 'tempfail' },
  { ...small('virenwache.test', 37), ...MOODS.contentRejected },
  { ...small('umgezogen.test', 38), ...MOODS.relayDenied },
  { ...small('stille-post.test', 39), ...MOODS.silentBanner },
  { ...small('kaputtes-tls.test', 40), ...MOODS.tlsRequiredButBroken },
  { ...small('wirrkopf.test', 41), ...MOODS.mixedCodes },
  { ...small('nur-ascii.test', 42, 'post', 'jörg') },
  { ...small('halb-blind.test', 43, 'post', 'kasse'), otherwise: 'tempfail' },
];

const ZONES: readonly Zone[] = [
  mailZone('gmail.com', ['gmail-smtp-in.l.google.com', 'alt1.gmail-smtp-in.l.google.com']),
  mailZone('bistro-lavande.example', ['bistro-lavande-example.mail.protection.outlook.com']),
  // A primary that is dead on purpose (nolisting), then the one that works.
  mailZone('nordlicht-verlag.test', ['mx1.nordlicht-verlag.test', 'mx.nordlicht-verlag.test']),
  addressZone('mx1.nordlicht-verlag.test', ['127.0.20.251']),
  addressZone('imprimerie-girard.test', ['127.0.20.16']), // no MX: the domain itself takes mail
  // An alias of a domain that has MX records (RFC 5321 section 5.1).
  { name: 'post.weinhaus-keller.test', records: [{ type: 'CNAME', data: 'weinhaus-keller.test' }] },
  addressZone('schlafmuetze.test', ['127.0.20.252']), // nobody listens
  { name: 'kein-empfang.test', records: [{ type: 'MX', preference: 0, exchange: '.' }] }, // null MX (RFC 7505)
  { name: 'nur-ein-name.test', records: [{ type: 'TXT', data: 'parked' }] },
  mailZone('ins-leere.test', ['mx.gibt-es-nicht.test']),
  { name: 'kranke-zone.test', mood: { rcode: 'SERVFAIL' } },
  { name: 'example.com', records: [{ type: 'MX', preference: 0, exchange: '.' }] },
];

function small(domain: string, place: number, ...names: string[]): MailHost {
  return { name: `mx.${domain}`, addresses: [`127.0.20.${place}`], domains: [domain], mailboxes: people(...names) };
}

function fine(...names: string[]): (readonly [string, 'ok'])[] {
  return names.map((name) => [name, 'ok'] as const);
}

function soon(): { waitMs: number; says: string } {
  return { waitMs: 2000, says: '450 4.2.0 <{rcpt}>: Recipient address rejected: Greylisted, try again in 2 seconds' };
}

function tomorrow(): { waitMs: number; says: string } {
  return {
    waitMs: 86_400_000,
    says: '450 4.2.0 <{rcpt}>: Recipient address rejected: Greylisted, try again in 86400 seconds',
  };
}
