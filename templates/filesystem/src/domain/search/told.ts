/** Bytes that one answer may have, well below the 4 MiB that fit a result. The rest is for the cursor. */
export const answerBytes = 3 << 20;

export interface Page {
  /** Bytes of text after which a call answers. @default the most that fit a result */
  pageBytes?: number | undefined;
}

const plain = /^[ !#-[\]-~]*$/;

/** How long a text is as JSON in UTF-8, quotes included. */
export const bytesOf = (text: string): number =>
  (plain.test(text) ? text.length : Buffer.byteLength(JSON.stringify(text))) + 2;
