/** Characters of text and code, the most common first. What is not among them is rare. */
const common = " etaoinsrlhdcumpfgyb.,-_()=\"';:/wvk10x2";

const commonness = (sign: string): number => {
  const at = common.indexOf(sign);
  return at === -1 ? common.length : at;
};

/**
 * What to look for in the bytes of a file, one after the other, to know whether a text is in it. The end of the text that
 * begins with its rarest character comes first: a search goes from one first character to the next.
 */
export type Needles = readonly Buffer[];

export function needlesOf(text: string): Needles {
  let rarest = 0;
  for (let at = 1; at < text.length; at++) if (commonness(text[at] ?? "") > commonness(text[rarest] ?? "")) rarest = at;
  return [...new Set([text.slice(rarest), text])].map((needle) => Buffer.from(needle));
}

export const areIn = (needles: Needles, bytes: Buffer): boolean => needles.every((needle) => bytes.includes(needle));
