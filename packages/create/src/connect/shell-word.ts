/**
 * A word as a shell takes it. In double quotes, which every shell of every system knows, unless a shell would read something in them
 * as its own: then in single quotes, as POSIX has them.
 */
export function shellWord(word: string): string {
  if (/^(?!~)[\w@%+=:,./\\~-]+$/.test(word)) return word;
  return /["$`!]|\\$/.test(word) ? `'${word.replaceAll("'", String.raw`'\''`)}'` : `"${word}"`;
}
