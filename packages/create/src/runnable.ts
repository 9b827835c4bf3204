import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { shellWord } from "./connect/shell-word.ts";

/** From src/ and from dist/ alike. */
const inPackage = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What starts this command where it is read: in a checkout the package may not be on the registry yet. */
const prefix = existsSync(inPackage("../../scripts/bootstrap.mjs"))
  ? `node ${shellWord(inPackage("dist/main.js"))}`
  : "npx create-offshoot";

/** A text in which each `offshoot <command>` can be copied and run as it stands. */
export const runnable = (text: string): string =>
  text.replaceAll(
    /(^|[`\s])offshoot (?=<command>|(?:update|check|contract|connect|inspect|bundle|add|policy|promote|eval|release-notes)\b)/gm,
    `$1${prefix} `,
  );
