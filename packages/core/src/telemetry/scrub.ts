/**
 * Takes secrets out of text by what they look like and by what they are. Works on the finished log line, because a
 * secret hides in error messages and deep fields where redaction by key does not look.
 */

const REPLACED = "[secret]";

const patterns: RegExp[] = [
  // password=…, "api_key": "…", client-secret: … — the name tells, whatever the value looks like.
  // A backslash may stand before a quote: the line is JSON, so a quote inside a message arrives escaped.
  /((?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|client[-_]?secret|authorization|cookie|session[-_]?id)\\?["']?\s*[=:]\s*\\?["']?)(?!\[secret\])((?:bearer|basic)\s+)?[^\s"'\\,;&}]+/gi,
  /(\b(?:bearer|basic)\s+)[A-Za-z0-9+/._~-]{8,}=*/gi,
  // user:password@ in a URL
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"]*:)[^\s/@"]+(?=@)/gi,
  // Well-known shapes: JWT, OpenAI and Stripe, GitHub, GitLab, Slack, SendGrid, AWS, Google, npm, PEM.
  /()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /()\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{8,}/g,
  /()\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|npm_)[A-Za-z0-9_-]{8,}/g,
  /()\boffshoot_[0-9a-f]{12}_[0-9a-f]{64}/g,
  /()\bSG\.[A-Za-z0-9_.-]{4,}/g,
  /()\b(?:AKIA|ASIA)[A-Z0-9]{12,}/g,
  /()\bAIza[A-Za-z0-9_-]{20,}/g,
  /()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

// One look tells most lines apart from the few that need the patterns above.
const HINT =
  /pass|secret|token|key|credential|authorization|cookie|session|bearer|basic|:\/\/[^\s/]*@|eyJ|[spr]k[-_]|gh[pousr]_|github_pat|glpat|xox|npm_|offshoot_|SG\.|AKIA|ASIA|AIza/i;

const SECRET_NAME = /secret|token|passw|api_?key|credential|private_?key/i;

/** Removes secrets from a line of text. */
export type Scrub = (line: string) => string;

/**
 * A scrubber that also knows exact values: those of environment variables whose name says that they are secret.
 * Values shorter than 8 characters are left alone; they would blank ordinary words.
 */
export function createScrub(environment: Record<string, string | undefined> = process.env): Scrub {
  const values = Object.entries(environment)
    .filter(([name, value]) => SECRET_NAME.test(name) && value !== undefined && value.length >= 8)
    .map(([, value]) => JSON.stringify(value).slice(1, -1));
  return (line) => {
    let clean = line;
    for (const value of values) if (clean.includes(value)) clean = clean.replaceAll(value, REPLACED);
    if (!HINT.test(clean)) return clean;
    for (const pattern of patterns) clean = clean.replace(pattern, (_match, lead: string) => `${lead}${REPLACED}`);
    return clean;
  };
}
