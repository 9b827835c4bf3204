import { isDeepStrictEqual } from "node:util";
import * as toml from "smol-toml";
import { isObject } from "../contract/schema.ts";
import { Refusal } from "../terminal.ts";
import type { Client, ServerEntry } from "./clients.ts";
import { mergeJson } from "./merge-json.ts";

/**
 * A client's configuration with one server more. Everything else stays as it is, comments and order included; a server
 * of the same name is replaced.
 *
 * @throws Refusal for a file that cannot be read: the client might read it another way
 */
export function mergeConfig(text: string, client: Client, name: string, server: ServerEntry): string {
  if (client.format === "toml") return mergeToml(text, client, name, server);
  try {
    return mergeJson(text, [client.key, name], client.entry(server));
  } catch (error) {
    return refuse(`${(error as Error).message}.`, error);
  }
}

const refuse = (reason: string, cause?: unknown): never => {
  throw new Refusal(
    `The configuration cannot be read, so it was left alone: ${reason}`,
    "fix it, or paste what is printed without --write.",
    { cause },
  );
};

function mergeToml(text: string, { key, entry }: Client, name: string, server: ServerEntry): string {
  const read = (content: string): Record<string, unknown> => {
    try {
      return toml.parse(content);
    } catch (error) {
      return refuse((error as Error).message.split("\n")[0] as string, error);
    }
  };
  const before = read(text);
  const servers = before[key] ?? {};
  if (!isObject(servers)) return refuse(`"${key}" is not a table.`);
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const header = `[${key}.${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)}]`;
  const section = [header, ...toml.stringify(entry(server)).trim().split("\n")].join(end);
  const kept = Object.hasOwn(servers, name) ? withoutTable(text, header) : text;
  const after = `${kept.trimEnd()}${kept.trim() === "" ? "" : end + end}${section}${end}`;
  // The text was cut by lines: this is what says that nothing else was hit. A clone has no prototypes that differ.
  const wanted = { ...before, [key]: { ...servers, [name]: entry(server) } };
  if (!isDeepStrictEqual(structuredClone(read(after)), structuredClone(wanted)))
    refuse(`"${name}" is written in a way that this does not replace.`);
  return after;
}

/** Without the lines from a table's header to the next one's, unless that is a table within. */
function withoutTable(text: string, header: string): string {
  const within = header.slice(0, -1);
  let inside = false;
  return text
    .split("\n")
    .filter((line) => {
      const trimmed = line.trim();
      if (trimmed.startsWith("[")) inside = trimmed.startsWith(`${within}]`) || trimmed.startsWith(`${within}.`);
      return !inside || trimmed.startsWith("#");
    })
    .join("\n");
}
