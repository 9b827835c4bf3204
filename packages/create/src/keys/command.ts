import { resolve } from "node:path";
import {
  isKeyName,
  isScope,
  type KeyEntry,
  makeKey,
  NAME,
  SCOPE,
  whyNot,
} from "../../../core/src/auth/keys/key-file.ts";
import { own } from "../own.ts";
import { type Answer, defineCommand, Refusal } from "../terminal.ts";
import { checkKey, checkKeys } from "./check.ts";
import { changeKeys, readKeys } from "./file.ts";
import { timeIn } from "./time-in.ts";

const DEFAULT_FILE = "auth-keys.json";

interface Options {
  scopes?: string;
  expires?: string;
  overlap?: string;
}

/** `offshoot keys`: the file of `--auth-keys`. */
export const keys = defineCommand({
  usage: "keys add <name> | list | rotate <name> | revoke <name or id> | check [-] [--file <file>]",
  summary: "Creates, lists, rotates and revokes the API keys of a server that runs with --auth keys.",
  options: {
    file: { type: "string", value: "file", description: `The key file (default: ${DEFAULT_FILE})` },
    scopes: { type: "string", value: "list", description: "add: what the key may do, comma-separated (default: none)" },
    expires: { type: "string", value: "time", description: "add, rotate: 90d, 12h, a date, or never (default: 90d)" },
    overlap: { type: "string", value: "time", description: "rotate: how long the old key stays valid (default: 24h)" },
  },
  examples: [
    ["offshoot keys add ci --scopes notes:read,notes:write", "a key for 90 days; it is shown once"],
    ["offshoot keys rotate ci --overlap 24h", "a new key for the same caller; the old one stays valid for a day"],
    ["offshoot keys revoke ci", "refused from the next request on, without a restart"],
    ["offshoot keys check", "what ends soon, is not used, or can be read by others"],
    ["pass show ci | offshoot keys check -", "whether this key is accepted, and what it may do"],
  ],
  async run({ words: [verb = "", subject, ...more], options: { file = DEFAULT_FILE, ...options } }) {
    const path = resolve(file);
    const run = { add, list, rotate, revoke, check }[verb];
    if (run === undefined || more.length > 0)
      throw new Refusal(
        verb === ""
          ? "What should be done with the keys?"
          : `"keys ${[verb, subject, ...more].filter(Boolean).join(" ")}" is not something this command does.`,
        "offshoot keys add <name>, list, rotate <name>, revoke <name or id>, or check.",
      );
    return run(path, subject, options);
  },
});

function add(file: string, name: string | undefined, { scopes = "", expires = "90d" }: Options): Answer {
  if (name === undefined || !isKeyName(name))
    throw new Refusal(`The name of a caller ${NAME}`, "offshoot keys add ci --scopes notes:read");
  const wanted = scopes
    .split(",")
    .map((scope) => scope.trim())
    .filter((scope) => scope !== "");
  const wrong = wanted.find((scope) => !isScope(scope));
  if (wrong !== undefined)
    throw new Refusal(`"${wrong}" is not a scope: a scope ${SCOPE}`, "name each scope of the server's tools.");
  const now = new Date();
  const made = makeKey(name, wanted, now, timeIn("--expires", expires, now));
  changeKeys(file, (entries) => {
    if (entries.some((entry) => entry.name === name))
      throw new Refusal(
        `There is a key of "${name}" already, and keys of one name have the same access.`,
        `\`offshoot keys rotate ${name}\` creates another for the same caller.`,
      );
    return [...entries, made.entry];
  });
  return showOnce(made, wanted.length === 0 ? "It has no scopes: calls that need one are refused." : undefined);
}

function list(file: string): Answer {
  const { entries, lastUsed } = readKeys(file);
  const now = Date.now();
  const rows = entries.map((entry) => ({
    ...publicOf(entry),
    state: whyNot(entry, now) ?? "accepted",
    lastUsed: own(lastUsed, entry.id) ?? null,
  }));
  const line = ({ id, name, state, scopes, expires, lastUsed: used }: (typeof rows)[number]) =>
    `${name.padEnd(16)} ${id}  ${state.padEnd(8)}  ends ${expires?.slice(0, 10) ?? "never"}  used ${used ?? "never"}  ${scopes.join(" ") || "no scopes"}`;
  return { data: { file, keys: rows }, text: rows.length === 0 ? `No keys in ${file}.` : rows.map(line).join("\n") };
}

function rotate(file: string, name: string | undefined, { expires = "90d", overlap = "24h" }: Options): Answer {
  const now = new Date();
  const ends = timeIn("--overlap", overlap, now, { mayBeNow: true });
  if (ends === undefined) throw new Refusal("--overlap has to end.", "give a time such as 24h.");
  let made: ReturnType<typeof makeKey> | undefined;
  changeKeys(file, (entries) => {
    const old = entries.filter((entry) => entry.name === name);
    const newest = old.at(-1);
    if (newest === undefined) throw unknown(name, entries);
    made = makeKey(newest.name, newest.scopes, now, timeIn("--expires", expires, now));
    const shortened = entries.map((entry) =>
      entry.name === name &&
      whyNot(entry, now.getTime()) === undefined &&
      !(entry.expires !== undefined && Date.parse(entry.expires) < ends.getTime())
        ? { ...entry, expires: ends.toISOString() }
        : entry,
    );
    return [...shortened, made.entry];
  });
  return showOnce(made as ReturnType<typeof makeKey>, `The keys it had before end at ${ends.toISOString()}.`);
}

function revoke(file: string, which: string | undefined): Answer {
  const at = new Date().toISOString();
  let revoked: KeyEntry[] = [];
  changeKeys(file, (entries) => {
    revoked = entries.filter((entry) => (entry.id === which || entry.name === which) && entry.revoked === undefined);
    if (revoked.length === 0 && !entries.some((entry) => entry.id === which || entry.name === which))
      throw unknown(which, entries);
    return entries.map((entry) => (revoked.includes(entry) ? { ...entry, revoked: at } : entry));
  });
  return {
    data: { file, revoked: revoked.map(publicOf) },
    text:
      revoked.length === 0
        ? `All keys of ${which} were revoked before.`
        : `Revoked ${revoked.map(({ id, name }) => `${id} of ${name}`).join(", ")}. Servers refuse it from the next request on.`,
  };
}

function check(file: string, word: string | undefined): Promise<Answer> | Answer {
  if (word === "-") return checkKey(file);
  if (word !== undefined)
    throw new Refusal(
      "A key is not given as an argument: every user of the machine can see those.",
      "`offshoot keys check - < file`.",
    );
  return checkKeys(file);
}

/** An entry without the hash. */
const publicOf = ({ sha256: _sha256, ...entry }: KeyEntry) => entry;

const showOnce = ({ key, entry }: ReturnType<typeof makeKey>, note?: string): Answer => ({
  data: { key, ...publicOf(entry) },
  text: [
    key,
    `This is the key of ${entry.name}. It is shown once: only its hash is kept. It ends ${entry.expires?.slice(0, 10) ?? "never"}; scopes: ${entry.scopes.join(" ") || "none"}.`,
    ...(note === undefined ? [] : [note]),
    "A client sends it as the header Authorization: Bearer <key>.",
  ].join("\n"),
});

const unknown = (which: string | undefined, entries: readonly KeyEntry[]): Refusal =>
  new Refusal(
    which === undefined ? "Whose key?" : `No key has the name or id "${which}".`,
    `one of: ${[...new Set(entries.map(({ name }) => name))].join(", ") || "none yet; `offshoot keys add <name>` makes one"}.`,
  );
