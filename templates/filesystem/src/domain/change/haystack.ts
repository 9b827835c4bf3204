import type { Encoding } from "../encoding.ts";
import { FilesError } from "../errors.ts";

/** Where a text stands in the bytes of a file. */
export interface Found {
  from: number;
  to: number;
}

/** Finds texts in the bytes of a file. `overlapping` counts "aa" twice in "aaa"; `most` ends the search early. */
export interface Haystack {
  find(text: string, options: { overlapping: boolean; most?: number }): Found[];
}

const mostFound = 1_000_000;

export function haystackOf(bytes: Buffer, encoding: Encoding): Haystack {
  const library = !encoding.aligned;
  const text = library ? textOf(bytes, encoding) : undefined;
  return {
    find(wanted, { overlapping, most = mostFound }) {
      const found = text
        ? findInText(text, wanted, overlapping, most)
        : findInBytes(bytes, encoding, wanted, overlapping, most);
      if (found.length >= mostFound)
        throw new FilesError("too_large", "The text occurs too often. Give more of the text around it.");
      return found;
    },
  };
}

function findInBytes(bytes: Buffer, encoding: Encoding, wanted: string, overlapping: boolean, most: number): Found[] {
  const needle = encoding.encode(wanted) ?? asShown(encoding, wanted);
  if (needle === undefined) return [];
  const found: Found[] = [];
  for (let at = bytes.indexOf(needle); at !== -1 && found.length < most; ) {
    if (at % encoding.unit !== 0) {
      at = bytes.indexOf(needle, at + 1);
      continue;
    }
    found.push({ from: at, to: at + needle.length });
    at = bytes.indexOf(needle, at + (overlapping ? encoding.unit : needle.length));
  }
  return found;
}

/** Bytes that nobody knows are shown as Latin-1, and are found again by what was shown. */
const asShown = ({ name }: Encoding, wanted: string): Buffer | undefined =>
  name === "unknown-8bit" && /^[\0-\xff]*$/.test(wanted) ? Buffer.from(wanted, "latin1") : undefined;

/**
 * Text whose characters cannot be looked for as bytes: those of one may be the end of one and the beginning of another,
 * and one may be written in several ways. A line feed is never a part of another character.
 */
interface Text {
  text: string;
  encoding: Encoding;
  lines: { bytes: Buffer; from: number; text: number }[];
}

function textOf(bytes: Buffer, encoding: Encoding): Text {
  const lines: Text["lines"] = [];
  const parts: string[] = [];
  let length = 0;
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end + 1;
    const line = bytes.subarray(from, to);
    const part = encoding.decode(line);
    lines.push({ bytes: line, from, text: length });
    parts.push(part);
    length += part.length;
    from = to;
  }
  return { text: parts.join(""), encoding, lines };
}

function findInText(text: Text, wanted: string, overlapping: boolean, most: number): Found[] {
  const found: Found[] = [];
  let near = 0;
  for (let at = text.text.indexOf(wanted); at !== -1 && found.length < most; ) {
    // What is found comes in order: the line of the one before is where to go on looking.
    while (near + 1 < text.lines.length && (text.lines[near + 1]?.text ?? 0) <= at) near++;
    found.push({ from: byteAt(text, near, at), to: byteAt(text, near, at + wanted.length) });
    at = text.text.indexOf(wanted, at + (overlapping ? 1 : wanted.length));
  }
  return found;
}

/** Which byte a place in the text is, looked for from a line before it. */
function byteAt({ lines, encoding }: Text, near: number, place: number): number {
  let index = near;
  while (index + 1 < lines.length && (lines[index + 1]?.text ?? 0) <= place) index++;
  const line = lines[index];
  if (line === undefined) return 0;
  const wanted = place - line.text;
  let [at, characters] = [0, 0];
  while (characters < wanted && at < line.bytes.length) {
    const length = lengthAt(line.bytes, at, encoding);
    characters += encoding.decode(line.bytes.subarray(at, at + length)).length;
    at += length;
  }
  return line.from + at;
}

/** Bytes of one character: the fewest that are not cut. */
function lengthAt(bytes: Buffer, at: number, encoding: Encoding): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++)
    if (encoding.cutTail(bytes.subarray(at, at + length)) === 0) return length;
  return 1;
}
