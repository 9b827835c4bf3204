import { homedir, tmpdir } from "node:os";
import { dirname } from "node:path";

const STACK = /^\s+at (?:.+ \()?[^\s()]+:\d+:\d+\)?\s*$/m;
const POSIX_PATH =
  /(?<![\w:/.~-])\/(?:home|Users|root|var|tmp|private|usr|opt|etc|srv|mnt|app|workspace|proc)\/[^\s"'`),;]+/g;
const WINDOWS_PATH = /(?<![\w/])[A-Za-z]:\\[^\s"'`),;]+/g;
const SECRET_NAME = /secret|token|passw|api_?key|credential|private_?key/i;

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
  const paths = [...(text.match(POSIX_PATH) ?? []), ...(text.match(WINDOWS_PATH) ?? [])];
  const host = [process.cwd(), homedir(), tmpdir(), dirname(process.execPath)].filter((path) => path.length > 4 && text.includes(path));
  // Escaped twice where it was sent: a backslash in JSON text is two.
  const foreign = [...paths, ...host].find((path) => !known.includes(JSON.stringify(path).slice(1, -1)));
  if (foreign !== undefined) return `the host's path ${foreign}`;
  for (const [name, value] of Object.entries(process.env)) {
    if (SECRET_NAME.test(name) && value !== undefined && value.length >= 8 && text.includes(value) && !known.includes(value)) {
      return `the value of the environment variable ${name}`;
    }
  }
  return undefined;
}
