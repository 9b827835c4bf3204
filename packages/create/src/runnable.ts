import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { shellWord } from "./connect/shell-word.ts";

/** The words after `offshoot`, in the order of its help. */
export const COMMANDS = [
  "update",
  "add",
  "check",
  "contract",
  "policy",
  "connect",
  "keys",
  "eval",
  "release-notes",
  "inspect",
  "promote",
  "bundle",
] as const;

/** From src/ and from dist/ alike. */
const inPackage = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What starts this command where it is read: in a checkout the package may not be on the registry yet. */
export const prefix = existsSync(inPackage("../../scripts/bootstrap.mjs"))
  ? `node ${shellWord(inPackage("dist/main.js"))}`
  : "npx create-offshoot";

const TO_RUN = new RegExp(
  String.raw`(^|[\x60\s])(?:npx create-)?offshoot (?=<command>|(?:${COMMANDS.join("|")})\b)`,
  "gm",
);

/** `create-offshoot my-server`, which no shell finds: it is a package, and not installed. */
const TO_CREATE = /(?<=^|[\x60\s])(?<!npx )create-offshoot (?=[[\w-])/gm;

/** A text in which each `offshoot <command>`, also as core says it, can be copied and run as it stands. */
export const runnable = (text: string): string =>
  text.replaceAll(TO_RUN, `$1${prefix} `).replaceAll(TO_CREATE, `${prefix} `);
