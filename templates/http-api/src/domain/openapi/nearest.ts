/** The one of some names that is closest to a mistyped one, if any is close. */
export function nearest(wanted: string, known: readonly string[]): string | undefined {
  const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const most = Math.max(2, Math.floor(wanted.length / 4));
  const ranked = known
    .map((name) => ({ name, far: distance(plain(wanted), plain(name), most) }))
    .filter(({ far }) => far <= most)
    .sort((a, b) => a.far - b.far);
  if (ranked[0] !== undefined) return ranked[0].name;
  const part = plain(wanted);
  return part.length < 4
    ? undefined
    : known.find((name) => plain(name).includes(part) || part.includes(plain(name) || "\0"));
}

/** Edits between two texts; past `most` it is only sure that there are more. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    if (Math.min(...next) > most) return most + 1;
    row = next;
  }
  return row[b.length] ?? 0;
}
