// The names of functions that mailboxes are called by, written without dots, hyphens and underscores.

function words(list: string): readonly string[] {
  return list.trim().split(/\s+/);
}

/** Read by those who report abuse, or set out to catch senders who harvest. */
export const HIGH_RISK_NAMES: readonly string[] = [
  ...words('abuse noc postmaster security'), // RFC 2142 sections 2 and 4
  ...words('spam spamtrap honeypot spamreport reportspam junk phishing fraud blacklist blocklist dmarc fbl trap'),
  ...words('mailerdaemon bounce bounces returnpath complaints'), // where mail systems talk to each other
];

/** Functions and departments; each language's own words for them. */
export const ROLE_NAMES: readonly string[] = [
  ...words('info marketing sales support hostmaster usenet news webmaster www uucp ftp'), // RFC 2142 sections 3 and 5
  // Nobody reads these.
  ...words(
    'noreply donotreply dontreply nereply neplierpas nepasrepondre keineantwort nichtantworten noresponder norispondere',
  ),
  ...words(
    'naoresponder nietbeantwoorden nobody null devnull notification notifications notify alert alerts autoresponder',
  ),
  // Machines and their keepers.
  ...words(
    'admin administrator root sysadmin system daemon server hosting domain domains dns it edv helpdesk servicedesk',
  ),
  ...words('mail mailer email webmail list listserv majordomo subscribe unsubscribe newsletter test dev devops'),
  // English.
  ...words(
    'contact contactus hello hi office enquiries enquiry inquiries inquiry feedback help service customerservice',
  ),
  ...words('customercare customersupport team staff all everyone company accounts accounting accountspayable billing'),
  ...words(
    'invoice invoices payments finance hr jobs careers career recruitment recruiting press media pr legal privacy',
  ),
  ...words(
    'compliance gdpr dpo orders order booking bookings reservations reception purchasing procurement shop store',
  ),
  ...words('partners partnership advertising ads editor management secretary education library events'),
  // German.
  ...words('kontakt anfrage anfragen buero büro buchhaltung rechnung rechnungen vertrieb verkauf einkauf bestellung'),
  ...words(
    'bestellungen bewerbung bewerbungen karriere personal presse datenschutz zentrale sekretariat empfang kundenservice',
  ),
  ...words(
    'kundendienst verwaltung geschaeftsfuehrung geschäftsführung werbung technik post poststelle praxis impressum',
  ),
  // French.
  ...words('accueil contactez secretariat secrétariat comptabilite comptabilité facturation commercial ventes achats'),
  ...words('recrutement emploi direction mairie commande commandes rh serviceclient'),
  // Spanish.
  ...words(
    'contacto informacion información ventas compras administracion administración contabilidad facturacion facturación',
  ),
  ...words('soporte ayuda prensa empleo rrhh pedidos reservas atencionalcliente recepcion recepción gerencia'),
  // Italian.
  ...words(
    'contatti informazioni vendite acquisti amministrazione contabilita contabilità segreteria assistenza ufficio',
  ),
  ...words('ufficiostampa lavoro ordini prenotazioni commerciale direzione fatturazione'),
  // Portuguese.
  ...words(
    'contato contacte informacoes informações vendas financeiro administracao administração suporte atendimento',
  ),
  ...words('comercial imprensa faturamento secretaria'),
  // Dutch.
  ...words('informatie verkoop inkoop boekhouding administratie klantenservice receptie secretariaat directie'),
  ...words('facturen vacatures pers bestellingen'),
];
