/** The named entities of ASCII by code: the only ones that a secret, which travels in a header or a URL, needs. */
export const ENTITIES: Record<string, number | undefined> = Object.fromEntries(
  [
    'Tab\t NewLine\n excl! quot" QUOT" num# dollar$ percnt% amp& AMP& apos\' lpar( rpar) ast* midast* plus+ comma, period.',
    "sol/ colon: semi; lt< LT< equals= gt> GT> quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] Hat^ lowbar_ UnderBar_",
    "grave` DiacriticalGrave` lcub{ lbrace{ verbar| vert| VerticalLine| rcub} rbrace} dash- hyphen-",
  ]
    .join(" ")
    .split(" ")
    .map((entry) => [entry.slice(0, -1), entry.charCodeAt(entry.length - 1)]),
);
