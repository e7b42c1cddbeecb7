// The mailbox providers people most often write, and thus most often misspell; order is by reach, which settles ties.

/** Providers by region; names of two letters before the dot are left out, as nearly everything is one letter from them. */
export const POPULAR_DOMAINS: readonly string[] = [
  // World-wide.
  ...'gmail.com yahoo.com hotmail.com outlook.com icloud.com aol.com live.com msn.com googlemail.com ymail.com'.split(
    ' ',
  ),
  ...'rocketmail.com protonmail.com proton.me mail.com gmx.com gmx.net zoho.com fastmail.com tutanota.com'.split(' '),
  // Germany, Austria, Switzerland.
  ...'gmx.de web.de t-online.de freenet.de gmx.at gmx.ch bluewin.ch yahoo.de hotmail.de outlook.de'.split(' '),
  // United Kingdom, United States.
  ...'yahoo.co.uk hotmail.co.uk btinternet.com virginmedia.com comcast.net verizon.net sbcglobal.net'.split(' '),
  ...'bellsouth.net charter.net earthlink.net'.split(' '),
  // France, Belgium, Netherlands.
  ...'orange.fr wanadoo.fr free.fr laposte.net yahoo.fr hotmail.fr telenet.be skynet.be ziggo.nl hotmail.nl'.split(' '),
  // Italy, Spain, Brazil.
  ...'libero.it virgilio.it tiscali.it hotmail.it yahoo.it hotmail.es yahoo.es uol.com.br yahoo.com.br'.split(' '),
  // Eastern Europe, Asia.
  ...'mail.ru yandex.ru rambler.ru seznam.cz naver.com hanmail.net rediffmail.com'.split(' '),
];
