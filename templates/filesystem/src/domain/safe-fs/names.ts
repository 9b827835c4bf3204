import { readdirSync } from "node:fs";
import { FilesError } from "../errors.ts";
import { misleadingIn } from "../misleading.ts";
import { showPath } from "./refusals.ts";

/** Refuses to make a name that misleads. One that is there already can be read, moved and deleted. */
export function refuseMisleading(name: string, given: string): void {
  const found = misleadingIn(name);
  if (found === undefined) return;
  const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  throw new FilesError(
    "invalid",
    `${showPath(given)} has a character in a name that cannot be seen (U+${code}). Choose a name without it.`,
  );
}

/**
 * A name that is not UTF-8, as text: each byte that is none is written as `\xE9`. Such a name can be moved, so that it
 * gets one that can be used.
 */
function nameOfBytes(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find(
      (count) => at + count <= bytes.length && isCharacter(bytes.subarray(at, at + count)),
    );
    text +=
      length === undefined
        ? `\\x${bytes.toString("hex", at, at + 1).toUpperCase()}`
        : bytes.toString("utf8", at, at + length);
    at += length ?? 1;
  }
  return text;
}

function isCharacter(bytes: Buffer): boolean {
  const text = bytes.toString("utf8");
  return !text.includes("\ufffd") || Buffer.from(text).equals(bytes);
}

/** The bytes that such a text stands for; undefined where it stands for itself. */
export function bytesOfName(name: string): Buffer | undefined {
  if (!/\\x[89A-F][0-9A-F]/.test(name)) return undefined;
  const parts = name.split(/(\\x[89A-F][0-9A-F])/);
  return Buffer.concat(
    parts.map((part, index) => (index % 2 === 1 ? Buffer.from(part.slice(2), "hex") : Buffer.from(part))),
  );
}

/** The names in a folder again, where some of them were no UTF-8. */
export function exactNames(at: string): string[] {
  return readdirSync(at, { encoding: "buffer" }).map(nameOfBytes);
}
