// Misspellings of providers and top-level domains that are known for sure; guesses by distance are made elsewhere.

/** The domain that a known misspelling stands for, or undefined. */
export function correctionOf(domain: string): string | undefined {
  return CORRECTIONS.get(domain);
}

export function isKnownTypo(domain: string): boolean {
  return CORRECTIONS.has(domain);
}

/** The top-level domain, or the two labels, that a known misspelling stands for. */
export function topLevelCorrectionOf(topLevel: string): string | undefined {
  return TOP_LEVEL_CORRECTIONS.get(topLevel);
}

export function isMistypedTopLevel(topLevel: string): boolean {
  return TOP_LEVEL_CORRECTIONS.has(topLevel);
}

type TypoRow = readonly [right: string, ...typed: string[]];

function row(right: string, typed: string): TypoRow {
  return [right, ...typed.split(/\s+/)];
}

/**
 * What is meant, then how it comes out: a letter left out, doubled, swapped or from the key beside, and the common wrong
 * endings. Many of these names are registered and take every mail, so a hit counts even where a mail host answers.
 * Left out: whatever is, or easily could be, somebody's own mail domain (mail.co, email.com, ymail.co, live.co, aol.de).
 * Compiled by hand from the kinds of slips, November 2026.
 */
export const TYPO_ROWS: readonly TypoRow[] = [
  row(
    'gmail.com',
    `gmial.com gmai.com gamil.com gmali.com gmal.com gmil.com gnail.com gmaill.com gmaiil.com gmaail.com gmmail.com
    ggmail.com gmsil.com gmaik.com gmaio.com gmaol.com gmaul.com gmqil.com gmzil.com gimail.com gmeil.com gemail.com
    gmaile.com gmailc.com gmail.co gmail.cm gmail.om gmail.com.com gmailcom.com gmail-com.com
    gamail.com gmaul.co gmial.co gmai.co gamil.co gmaill.co gmile.com gmakl.com gmaij.com
    gmaim.com gmailk.com gmaila.com gmails.co gmaild.com gmjail.com gnmail.com`,
  ),
  row(
    'googlemail.com',
    'googlemal.com googlemial.com googlmail.com googelmail.com goglemail.com googlemai.com gogglemail.com',
  ),
  row(
    'yahoo.com',
    `yaho.com yahooo.com yhaoo.com yhoo.com yahho.com yaoo.com yahoo.co yahoo.cm yahoo.om yahool.com yahoo.com.com
    yaahoo.com yahoi.com yahpo.com yahop.com yaboo.com yajoo.com yahoocom.com yayoo.com yahuo.com yshoo.com uahoo.com
    yaoho.com yahoo-com.com yahhoo.com yahoh.com`,
  ),
  row('yahoo.co.uk', 'yaho.co.uk yahooo.co.uk yhaoo.co.uk yahho.co.uk yhoo.co.uk yaoo.co.uk'),
  row('yahoo.fr', 'yaho.fr yahooo.fr yhaoo.fr'),
  row('yahoo.de', 'yaho.de yahooo.de yhaoo.de'),
  row(
    'hotmail.com',
    `hotnail.com hotmial.com hotmal.com hotmai.com hotmil.com hotamil.com homtail.com hotmaill.com hotmaiil.com
    hotmail.co hotmail.cm hotmail.om hotmail.com.com hitmail.com hotmali.com hormail.com htomail.com
    htmail.com hotmaik.com hotmaol.com hotmsil.com hottmail.com hootmail.com hotmmail.com otmail.com hotmaul.com
    hotmeil.com hotmale.com hotmailcom.com hotmail-com.com hptmail.com hotmaio.com
    hotmall.com hotmaile.com hotmailc.com hotmjail.com hotimail.com hoitmail.com hotrmail.com hotmqil.com`,
  ),
  row(
    'hotmail.co.uk',
    'hotmial.co.uk hotmal.co.uk hotnail.co.uk hotmai.co.uk hotamil.co.uk homtail.co.uk hotmali.co.uk hotmaill.co.uk',
  ),
  row('hotmail.fr', 'hotmial.fr hotmal.fr hotnail.fr hotmai.fr hotamil.fr hotmaill.fr'),
  row('hotmail.it', 'hotmial.it hotmal.it hotnail.it hotmai.it hotamil.it hotmaill.it'),
  row('hotmail.de', 'hotmial.de hotmal.de hotnail.de hotmai.de hotamil.de'),
  row('hotmail.es', 'hotmial.es hotmal.es hotnail.es hotmai.es hotamil.es'),
  row(
    'outlook.com',
    `outlok.com outloook.com outlook.co outlook.cm outlook.om outllok.com outlookk.com outlool.com outook.com otulook.com
    outlock.com outluk.com outlook.com.com oulook.com ouutlook.com outlouk.com outloo.com outlokk.com putlook.com
    iutlook.com outlookcom.com outlook-com.com outlopk.com outloik.com outllook.com oultook.com ooutlook.com utlook.com`,
  ),
  row(
    'icloud.com',
    `iclod.com icloud.co icloud.cm icloud.om iclould.com icoud.com icluod.com iclud.com icloude.com iclooud.com icload.com
    icloid.com icloyd.com iclous.com icloudd.com iclloud.com iicloud.com ivloud.com ixloud.com icould.com icolud.com
    ickoud.com iclound.com icloud.com.com`,
  ),
  row('aol.com', 'aoll.com aool.com aol.cm aol.om aol.com.com aaol.com'),
  row('live.com', 'livee.com live.cm live.om live.com.com'),
  row('msn.com', 'msn.cm msn.om msn.com.com msnn.com'),
  row('gmx.de', 'gmx.dee gmxx.de gmmx.de ggmx.de'),
  row('gmx.net', 'gmxx.net gmmx.net'),
  row('web.de', 'wweb.de web.dee'),
  row('t-online.de', 't-onlin.de t-onlien.de tonline.de t-onlne.de t-oline.de t-onine.de t-onlime.de t-olnine.de'),
  row('freenet.de', 'frenet.de freenett.de freent.de freeenet.de freenet.dee'),
  row('protonmail.com', 'protonmal.com protonmial.com protonmai.com protonmaill.com prontonmail.com protonmail.co'),
  row('comcast.net', 'comcas.net comcat.net comast.net comacst.net concast.net comcst.net comcastt.net comcsat.net'),
  row('verizon.net', 'verizn.net verison.net verzon.net verizion.net'),
  row('sbcglobal.net', 'sbcgloble.net sbcgobal.net sbcglobl.net sbcglobel.net sbglobal.net sbcgolbal.net'),
  row('bellsouth.net', 'belsouth.net bellsoth.net bellsout.net bellsuoth.net'),
  row('btinternet.com', 'btinterent.com btintenet.com btinernet.com btinternt.com btinternet.co btinternat.com'),
  row('orange.fr', 'ornage.fr orang.fr orangee.fr oragne.fr oange.fr'),
  row('wanadoo.fr', 'wanado.fr wandoo.fr wanadooo.fr wannadoo.fr'),
  row('laposte.net', 'lapost.net lapostte.net laoste.net'),
  row('libero.it', 'lbero.it libbero.it liberoo.it'),
  row('virgilio.it', 'virglio.it virgillio.it vrigilio.it'),
  row('rediffmail.com', 'redifmail.com rediffmal.com rediffmial.com reddifmail.com'),
];

/**
 * Top-level domains that do not exist and never will by their looks, and what their writers meant.
 * A test compares them with the public suffix list; .cm, .om, .co, .et, .ne and .bet do exist and are no part of it.
 */
export const TOP_LEVEL_TYPO_ROWS: readonly TypoRow[] = [
  row(
    'com',
    'con cmo ocm vom comm coom xom cpm cim ccom comn conm c0m coim copm clom ckm ckom coml comk comj comcom dcom oom',
  ),
  row('com', 'cok vcom xcom comt cvom cxom ciom kom cmm coj'),
  row('net', 'nte ent nett ner nrt neet nwt nety nnet netc'),
  row('org', 'ogr rog orgg prg irg otg orf orq ogrg oorg'),
  row('edu', 'eud edy eduu'),
  row('de', 'dee'),
  row('fr', 'frr'),
  row('co.uk', 'couk co-uk'),
];

const CORRECTIONS = toMap(TYPO_ROWS);
const TOP_LEVEL_CORRECTIONS = toMap(TOP_LEVEL_TYPO_ROWS);

function toMap(rows: readonly TypoRow[]): ReadonlyMap<string, string> {
  return new Map(rows.flatMap(([right, ...typed]) => typed.map((wrong) => [wrong, right] as const)));
}
