// Error classes and habits of single operators, read before the general rules because each uses its codes its own way.
import type { ReplyRule } from './rule.ts';

/** The operators with rows of their own: what their mail hosts are called, and how their replies give them away. */
const OPERATORS: readonly { readonly key: string; readonly names: readonly string[]; readonly signature?: RegExp }[] = [
  { key: 'google', names: ['google', 'google.com', 'googlemail.com', 'gmail.com'], signature: /- gsmtp\b/ },
  {
    key: 'microsoft',
    names: ['microsoft', 'outlook', 'outlook.com', 'mx.microsoft', 'hotmail.com', 'office365', 'microsoft 365'],
    signature: /\.prod\.(?:protection\.)?outlook\.com|\bas\(\d{4,12}\)|\(as\d{3,12}\)|\(s\d{4}\)/,
  },
  {
    key: 'yahoo',
    names: ['yahoo', 'yahoo.com', 'yahoodns.net', 'aol'],
    signature: /mail\.[a-z0-9]+\.yahoo\.com|\[tss?\d\d\]/,
  },
  { key: 'qq', names: ['qq', 'qq.com', 'tencent'], signature: /service\.mail\.qq\.com/ },
  { key: 'netease', names: ['netease', '163.com', '126.com'], signature: /\b(?:mi|dt|rp|hl):[a-z]{3}\b/ },
  { key: 'facebook', names: ['facebook', 'facebook.com'], signature: /postmaster\.facebook\.com/ },
];

/** Which operator speaks: the one DNS told of, else the one the text gives away, else null. */
export function operatorOf(provider: string | undefined, text: string): string | null {
  const name = provider?.toLowerCase() ?? '';
  const speech = text.toLowerCase();
  const found =
    OPERATORS.find(({ names }) => names.includes(name)) ?? OPERATORS.find(({ signature }) => signature?.test(speech));
  return found?.key ?? null;
}

export const PROVIDER_RULES: readonly ReplyRule[] = [
  {
    id: 'google-5.2.1-rate',
    provider: 'google',
    enhanced: /^[45]\.2\.1$/,
    words: /receiving (?:mail|e-?mail)/,
    meaning: 'rate_limited',
    why: 'Google uses x.2.1 for disabled mailboxes and for busy ones; this one exists and is busy.',
    source: 'support.google.com/a/answer/3726730',
    sample: '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery. - gsmtp',
  },
  {
    id: 'microsoft-5.4.1-access-denied',
    class: '5',
    enhanced: /^5\.4\.1$/,
    words: /recipient address(?:es)? rejected ?: ?access denied/,
    meaning: 'mailbox_not_found',
    why: 'Microsoft 365 says "access denied" with 5.4.1 for a recipient its directory does not know.',
    source: 'learn.microsoft.com, directory-based edge blocking',
    sample:
      '550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT031.eop-EUR02.prod.protection.outlook.com]',
  },
  {
    id: 'microsoft-rate-codes',
    words: /\brp-00\d\b/,
    meaning: 'rate_limited',
    why: 'Outlook.com limits how much our address may send.',
    source: 'sendersupport.olc.protection.outlook.com (RP-001 to RP-003)',
    sample: '421 RP-001 (BAY0-MC1) The mail server IP has exceeded the rate limit allowed.',
  },
  {
    id: 'microsoft-4.7.x-rate',
    provider: 'microsoft',
    enhanced: /^[45]\.7\.(?:500|650|651|652|705|708)$/,
    class: '4',
    meaning: 'rate_limited',
    why: 'Microsoft slows our address down.',
    source: 'learn.microsoft.com, NDR codes 4.7.500 and 4.7.650 to 652',
    sample: '451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS761)',
  },
  {
    id: 'microsoft-block-codes',
    words: /\b(?:sc|dy|ou|ba)-00\d\b|\bs(?:3140|3150|3113|775|844|8001|8002)\b/,
    unless: /rate limit/,
    meaning: 'blocked',
    why: 'Microsoft refuses our address, its network or what it has sent.',
    source: 'sendersupport.olc.protection.outlook.com, postmaster.live.com (S3140, S3150)',
    sample: "550 OU-002 (BAY0-MC1-F38) Unfortunately, messages from 192.0.2.1 weren't sent.",
  },
  {
    id: 'yahoo-deferral-codes',
    words: /\[? ?\btss?0[124] ?\]?|excessive unknown recipients/,
    unless: /permanently/,
    meaning: 'rate_limited',
    why: 'Yahoo defers our address because of volume or complaints.',
    source: 'senders.yahooinc.com/smtp-error-codes (TSS04, TS01, TS02)',
    sample:
      '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints',
  },
  {
    id: 'yahoo-block-codes',
    words: /\btss?0[39]\b|\bbl2[0-9]\b|\bph01\b/,
    meaning: 'blocked',
    why: 'Yahoo refuses our address by reputation or policy.',
    source: 'senders.yahooinc.com/smtp-error-codes (TS03, BL21 to BL23, PH01)',
    sample: '421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.',
  },
  {
    id: 'aol-block-codes',
    words: /\b(?:rly|hvu|dyn|dns|rtr|spc|con|cnv):[a-z0-9]{1,4}\b/,
    meaning: 'blocked',
    why: 'AOL names its own classes of refused senders.',
    source: 'postmaster.aol.com/error-codes',
    sample: '554 5.7.1 (RLY:B1) http://postmaster.aol.com/error-codes#554rlyb1',
  },
  {
    id: 'comcast-rate-codes',
    words: /\brl0{3,}\d+\b/,
    meaning: 'rate_limited',
    why: 'Comcast limits how much our address may send.',
    source: 'postmaster.comcast.net/smtp-error-codes.php (RL000001)',
    sample: '421 4.2.1 RL000001 You are sending too fast',
  },
  {
    id: 'comcast-block-codes',
    words: /\bbl0{3,}\d+\b|\baup#/,
    unless: /concurrent|connections|rate|too many|user|recipient|mail ?box/,
    meaning: 'blocked',
    why: 'Comcast and Charter name their own classes of refused senders.',
    source: 'postmaster.comcast.net (BL000000), postmaster.charter.com (AUP#)',
    sample: '554 imta01.example.test comcast 192.0.2.1 BL000000',
  },
  {
    id: 'orange-invalid-recipient',
    class: '5',
    words: /\b(?:ofr|lpn)\d{0,3}_416\b/,
    meaning: 'mailbox_not_found',
    why: 'Orange and La Poste number their replies: 416 is an unknown recipient.',
    source: 'postmaster.orange.fr',
    sample: '550 5.5.0 OFR204_416 [416]',
  },
  {
    id: 'orange-mailbox-full',
    words: /\b(?:ofr|lpn)\d{0,3}_417\b/,
    meaning: 'mailbox_full',
    why: 'Orange and La Poste number their replies: 417 is a full mailbox.',
    source: 'postmaster.orange.fr',
    sample: '552 5.1.1 Over quota. OFR_417 [417]',
  },
  {
    id: 'orange-mailbox-archived',
    class: '5',
    words: /\b(?:ofr|lpn)\d{0,3}_418\b/,
    meaning: 'mailbox_disabled',
    why: 'Orange and La Poste number their replies: 418 is an archived mailbox.',
    source: 'postmaster.orange.fr',
    sample: '550 5.5.0 OFR_418 [418]',
  },
  {
    id: 'orange-content',
    words: /mail reje(?:te|cted)\b[^a-z]{0,4}(?:mail rejected\b[^a-z]{0,4})?(?:ofr|lpn)\d{0,3}_5\d\d\b/,
    meaning: 'content_rejected',
    why: 'Orange and La Poste say so of a message their filter dislikes.',
    source: 'postmaster.orange.fr (OFR_506)',
    sample: 'data: 550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]',
  },
  {
    id: 'orange-block-codes',
    class: '5',
    words: /\b(?:ofr|lpn)\d{0,3}_5\d\d\b/,
    meaning: 'blocked',
    why: 'Orange and La Poste number their replies: the five hundreds refuse the sender.',
    source: 'postmaster.orange.fr (OFR_506)',
    sample: '550 5.7.1 Service refuse. OFR_506 [506]',
  },
  {
    id: 'qq-unavailable-or-denied',
    class: '5',
    words: /mailbox unavailable or access denied/,
    meaning: 'mailbox_disabled',
    strength: 'weak',
    why: 'Tencent says one thing for closed, unknown and protected mailboxes, so it proves nothing.',
    source: 'service.mail.qq.com; reports differ',
    sample: '550 Mailbox unavailable or access denied [x]. http://service.mail.qq.com/cgi-bin/help?id=20022',
  },
  {
    id: 'netease-rate-codes',
    words: /\b(?:mi:(?:cel|dmc|ccl|sfq)|rp:[a-z]{3}|hl:(?:itc|icc|ifc|rep))\b/,
    unless: /(?:not|n't) exist|unknown|no such|frozen|disabled|\bfull\b|relay|black-?list/,
    meaning: 'rate_limited',
    why: 'NetEase names its own limits on connections, commands and recipients.',
    source: 'help.mail.163.com (MI:, RP:, HL: codes)',
    sample: '450 MI:DMC 163 mx1, please try again',
  },
  {
    id: 'netease-block-codes',
    words: /\b(?:dt:rbl|mi:spb|mi:nhd)\b/,
    meaning: 'blocked',
    why: 'NetEase names its own blocklist and identity checks.',
    source: 'help.mail.163.com (DT:RBL, MI:SPB)',
    sample: '554 DT:RBL 163 mx1',
  },
  {
    id: 'facebook-recipient-codes',
    class: '5',
    words: /\brcp-p1\b/,
    meaning: 'mailbox_not_found',
    why: 'Facebook numbers its replies: RCP-P1 is an unknown recipient.',
    source: 'postmaster.facebook.com/response_codes',
    sample: '550 5.1.1 RCP-P1 http://postmaster.facebook.com/response_codes?ip=192.0.2.1#rcp',
  },
  {
    id: 't-online-refusal',
    words: /a problem occurred\b[^!]{0,80}postmaster/,
    meaning: 'blocked',
    why: 'T-Online says so to every host it has no good opinion of.',
    source: 'postmaster.t-online.de',
    sample:
      '554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact a@b.test to clarify.) (BL)',
  },
  {
    id: 'barracuda-no-such-user',
    class: '5',
    words: /\bcuda nsu\b/,
    meaning: 'mailbox_not_found',
    why: "The word of Barracuda's cloud filter for no such user.",
    source: 'Barracuda Email Gateway Defense',
    sample: '550 permanent failure for one or more recipients (a@b.test:550 cuda_nsu)',
  },
  {
    id: 'mimecast-resources',
    class: '4',
    words: /internal resources? (?:are |is )?temporarily (?:un|not )available/,
    meaning: 'greylisted',
    why: 'Mimecast and Symantec say so while they greylist a sender.',
    source: 'community.mimecast.com (451), Email Security.cloud',
    sample: '451 Internal resources are temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451',
  },
];
