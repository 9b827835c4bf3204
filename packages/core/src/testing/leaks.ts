import { homedir, tmpdir } from "node:os";

const STACK = /^\s+at (?:.+ \()?[^\s()]+:\d+:\d+\)?\s*$/m;
const SECRET_NAME = /secret|token|passw|api_?key|credential|private_?key/i;

// Folders at the root of ordinary hosts, and those that this process lives in.
const usual = "home|Users|root|var|tmp|private|usr|opt|etc|srv|mnt|app|workspace|proc";
const own = [process.cwd(), homedir(), tmpdir(), process.execPath].map((path) => /^\/([\w-]+)/.exec(path)?.[1]);
const roots = [usual, ...own.filter((root) => root !== undefined)].join("|");
const PATH = new RegExp(
  `(?:file://|(?<![\\w:/.~-]))/(?:${roots})/[^\\s"'\`),;]+|(?<![\\w/])[A-Za-z]:\\\\[^\\s"'\`),;]+`,
  "g",
);

/**
 * What an error text tells that no client should know: a stack trace, an absolute path of the host, the value of an
 * environment variable whose name says that it is secret. What the client itself `sent` may come back.
 *
 * @returns what was found, or `undefined`
 */
export function findLeak(text: string, sent: unknown): string | undefined {
  const known = JSON.stringify(sent) ?? "";
  if (STACK.test(text)) return "a stack trace";
  if (text.includes("node_modules") && !known.includes("node_modules")) return "a path inside node_modules";
  for (const [found] of text.matchAll(PATH)) {
    // The full stop may be the sentence's; in what was sent, JSON has doubled each backslash.
    const path = found.replace(/[.:]+$/, "");
    if (!known.includes(JSON.stringify(path).slice(1, -1))) return `the host's path ${path}`;
  }
  for (const [name, value = ""] of Object.entries(process.env)) {
    const secret = SECRET_NAME.test(name) && value.length >= 8 && text.includes(value);
    if (secret && !known.includes(value)) return `the value of the environment variable ${name}`;
  }
  return undefined;
}
