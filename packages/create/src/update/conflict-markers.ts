import type { Files } from "./files.ts";

/** Files in which a conflict's markers still stand. */
export const filesWithMarkers = (files: Files): string[] =>
  [...files]
    .filter(([, { bytes, link }]) => !link && !bytes.includes(0) && hasMarkers(bytes.toString("utf8")))
    .map(([path]) => path);

/** The three markers in their order: a line of equal signs alone underlines a heading in many a document. */
const hasMarkers = (text: string): boolean =>
  /^<{7} .*\r?\n(?:(?!<{7} ).*\r?\n)*?={7}\r?\n(?:(?!<{7} ).*\r?\n)*?>{7} /m.test(text);
