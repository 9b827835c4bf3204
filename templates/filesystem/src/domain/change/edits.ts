import { detectEncoding, type Encoding, type Named } from "../encoding.ts";
import { FilesError } from "../errors.ts";
import type { Edit } from "../files.ts";
import { showPath } from "../safe-fs/refusals.ts";
import { encodedFor, refuseMixing } from "./encoded.ts";
import { type Haystack, haystackOf } from "./haystack.ts";

interface Span {
  from: number;
  to: number;
  put: Buffer;
  edit: number;
}

/**
 * Exchanges texts in the bytes of a file; every other byte stays. All edits are looked for in the file as it was, so
 * that their order means nothing. Any edit that does not fit refuses all of them.
 */
export function applyEdits(bytes: Buffer, edits: readonly Edit[], path: string, named: Named = {}) {
  if (edits.length === 0) throw new FilesError("invalid", "Give at least one edit.");
  const encoding = detectEncoding(bytes, named);
  if (encoding === undefined) throw new FilesError("binary", `${showPath(path)} is not text, and cannot be edited.`);
  refuseMixing(bytes, encoding, path);
  const target: Target = {
    bytes,
    encoding,
    path,
    haystack: haystackOf(bytes, encoding),
    ends: lineEndsOf(bytes, encoding),
  };
  const spans = edits.flatMap((edit, index) => spansOf(target, edit, index));
  spans.sort((one, other) => one.from - other.from);
  const pieces: Buffer[] = [];
  let at = 0;
  let last: Span | undefined;
  for (const span of spans) {
    if (last && span.from < last.to) {
      throw new FilesError(
        "conflict",
        `Edits ${last.edit + 1} and ${span.edit + 1} overlap in ${showPath(path)}. Nothing was changed. Join them into one edit.`,
      );
    }
    pieces.push(bytes.subarray(at, span.from), span.put);
    at = span.to;
    last = span;
  }
  pieces.push(bytes.subarray(at));
  return { bytes: Buffer.concat(pieces), replacements: spans.length, encoding };
}

interface Target {
  bytes: Buffer;
  encoding: Encoding;
  path: string;
  haystack: Haystack;
  ends: LineEnds;
}

function spansOf(target: Target, edit: Edit, index: number): Span[] {
  const { bytes, encoding, path, haystack, ends } = target;
  const { oldText, newText, replaceAll = false, expectedReplacements = 1 } = edit;
  const which = `Edit ${index + 1}`;
  refuseOdd(edit, which);
  for (const [old, put] of variants(oldText, newText, ends)) {
    // A line feed is no beginning where it is the second half of a line end.
    const find = (options: { overlapping: boolean }) =>
      haystack.find(old, options).filter(({ from }) => !(old.startsWith("\n") && isAfterReturn(bytes, from, encoding)));
    const overlapping = find({ overlapping: true });
    if (overlapping.length === 0) continue;
    const found = replaceAll || expectedReplacements > 1 ? find({ overlapping: false }) : overlapping;
    if (!replaceAll && found.length !== expectedReplacements) {
      throw new FilesError(
        "conflict",
        `${which}: oldText occurs ${found.length} times in ${showPath(path)}, expected ${expectedReplacements}. Nothing was changed. Give more of the text around it, set expected_replacements to ${found.length}, or use replace_all.`,
      );
    }
    const replacement = encodedFor(encoding, put, path, oldText);
    return found.map((span) => ({ ...span, put: replacement, edit: index }));
  }
  throw new FilesError(
    "conflict",
    `${which}: oldText occurs 0 times in ${showPath(path)}. Nothing was changed.${almost(bytes, oldText, encoding)} Read the file and copy the text exactly; every edit is looked for in the file as it is before this call.`,
  );
}

/** Where the same words stand with other white space: to be seen, not to be guessed at. */
function almost(bytes: Buffer, oldText: string, encoding: Encoding): string {
  const words = (text: string) => text.split("\n").map((line) => line.trim());
  const wanted = words(oldText.trim());
  const lines = words(encoding.decode(bytes));
  for (let at = 0; at + wanted.length <= lines.length; at++) {
    if (wanted.every((line, index) => line === lines[at + index])) {
      const last = at + wanted.length;
      return ` ${last === at + 1 ? `Line ${last} differs` : `Lines ${at + 1} to ${last} differ`} from it only in white space.`;
    }
  }
  return "";
}

function refuseOdd({ oldText, newText, expectedReplacements = 1 }: Edit, which: string): void {
  if (oldText === "") {
    throw new FilesError(
      "invalid",
      `${which}: oldText is empty. Give the text to replace, or use append_file or write_file.`,
    );
  }
  if (oldText === newText)
    throw new FilesError("invalid", `${which}: oldText and newText are the same; nothing to change.`);
  if (!oldText.isWellFormed() || !newText.isWellFormed()) {
    throw new FilesError("invalid", `${which}: the text is not well-formed Unicode (a lone surrogate).`);
  }
  if (!Number.isSafeInteger(expectedReplacements) || expectedReplacements < 1) {
    throw new FilesError("invalid", `${which}: expected_replacements is a whole number from 1.`);
  }
}

interface LineEnds {
  crlf: boolean;
  /** A line feed without a carriage return. */
  bare: boolean;
}

const bytesOf = (text: string, encoding: Encoding) => encoding.encode(text) ?? Buffer.from(text);

const isAfterReturn = (bytes: Buffer, at: number, encoding: Encoding): boolean =>
  at > 0 && bytes.subarray(at - encoding.unit, at).equals(bytesOf("\r", encoding));

function lineEndsOf(bytes: Buffer, encoding: Encoding): LineEnds {
  const feed = bytesOf("\n", encoding);
  let ends: LineEnds = { crlf: false, bare: false };
  const { unit } = encoding;
  for (let at = bytes.indexOf(feed); at !== -1 && !(ends.crlf && ends.bare); at = bytes.indexOf(feed, at + 1)) {
    if (at % unit !== 0) continue;
    ends = isAfterReturn(bytes, at, encoding) ? { ...ends, crlf: true } : { ...ends, bare: true };
  }
  return ends;
}

const toCrlf = (text: string) => text.replace(/\r?\n/g, "\r\n");
const toLf = (text: string) => text.replaceAll("\r\n", "\n");

/** As given first; then with the line ends of the file, because callers rarely see which those are. */
function* variants(oldText: string, newText: string, { crlf, bare }: LineEnds): Generator<[string, string]> {
  const kept = crlf && !bare ? toCrlf(newText) : newText;
  yield [oldText, oldText.includes("\r\n") ? newText : kept];
  if (crlf && toCrlf(oldText) !== oldText) yield [toCrlf(oldText), toCrlf(newText)];
  if (!crlf && oldText.includes("\r\n")) yield [toLf(oldText), toLf(newText)];
}
