// The names under which lists keep their address column, and how header cells are compared with them.

/**
 * The name without what people vary: case, accents, width, spaces and punctuation.
 * `E-Mail-Adresse`, `e_mail adresse` and `EMAILADRESSE` are one name.
 */
export function plainName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

/** How surely a header cell names the address column. */
export type NameMatch = 'exact' | 'contains' | 'none';

export function nameMatch(name: string): NameMatch {
  const plain = plainName(name);
  if (exactNames.has(plain)) return 'exact';
  return words.some((word) => plain.includes(word)) ? 'contains' : 'none';
}

/** Whole names. Sources: export formats of the programs named, else the word for it in the language named. */
export const EXACT_NAMES: readonly string[] = [
  'email', // Mailchimp, HubSpot, Brevo, Stripe, Shopify; `E-mail` of Windows Contacts
  'emails',
  'email address', // Mailchimp, Google Workspace; `E-mail Address` of Outlook
  'email addresses',
  'e-mail 1 - value', // Google Contacts
  'email addr',
  'email id', // Indian English
  'mail', // LDAP attribute, RFC 4524 section 2.16
  'mail address',
  'primary email',
  'your email',
  'correo', // Spanish
  'correo electrónico',
  'dirección de correo',
  'dirección de correo electrónico',
  'dirección de email',
  'correu electrònic', // Catalan
  'endereço de e-mail', // Portuguese
  'endereço de correio eletrónico',
  'correio eletrônico',
  'courriel', // French
  'adresse courriel',
  'adresse e-mail',
  'adresse mail',
  'adresse électronique',
  'adresse de messagerie', // French Outlook
  'mél',
  'E-Mail-Adresse', // German; Danish too
  'E-Mail-Adressen',
  'Mailadresse',
  'indirizzo email', // Italian
  'indirizzo di posta elettronica',
  'posta elettronica',
  'e-mailadres', // Dutch
  'adres e-mail', // Polish; Dutch too
  'mailadres',
  'poczta elektroniczna',
  'epost', // Norwegian, Swedish
  'e-postadress',
  'e-postadresse',
  'sähköposti', // Finnish
  'sähköpostiosoite',
  'netfang', // Icelandic
  'e-mailová adresa', // Czech, Slovak
  'e-mail cím', // Hungarian
  'adresă de email', // Romanian
  'e-posta', // Turkish; Slovene `e-pošta`
  'e-posta adresi',
  'el. paštas', // Lithuanian
  'e-pasts', // Latvian
  'διεύθυνση email', // Greek
  'ηλεκτρονικό ταχυδρομείο',
  'электронная почта', // Russian
  'адрес электронной почты',
  'эл. почта',
  'почта',
  'емейл',
  'имейл', // Bulgarian
  'електронна пошта', // Ukrainian
  'メール', // Japanese
  'メールアドレス',
  'eメール',
  '电子邮件', // Chinese, simplified
  '电子邮箱',
  '邮箱',
  '邮箱地址',
  '邮件地址',
  '電子郵件', // Chinese, traditional
  '電子信箱',
  '이메일', // Korean
  '이메일 주소',
  '전자우편',
  'địa chỉ email', // Vietnamese
  'อีเมล', // Thai
  'البريد الإلكتروني', // Arabic
  'דואר אלקטרוני', // Hebrew
  'דוא״ל',
  'ईमेल', // Hindi
  'surel', // Indonesian
];

/** Words within longer names (`work_email`, `Kunden-E-Mail`). Short ones such as `mail` would also find `mailing_city`. */
export const WORDS: readonly string[] = [
  'email',
  'mailaddress',
  'mailadress',
  'correo electrónico',
  'courriel',
  'posta elettronica',
  'epost',
  'sähköposti',
  'электронная почта',
  'электронной почты',
  'メールアドレス',
  '邮箱',
  '电子邮件',
  '電子郵件',
  '이메일',
];

const exactNames: ReadonlySet<string> = new Set(EXACT_NAMES.map(plainName));
const words = WORDS.map(plainName);
