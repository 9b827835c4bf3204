import { timingSafeEqual } from "node:crypto";
import { lstatSync } from "node:fs";
import { text } from "node:stream/consumers";
import { hashOf, idOf, whyNot } from "../../../core/src/auth/keys/key-file.ts";
import { own } from "../own.ts";
import { type Answer, Refusal } from "../terminal.ts";
import { readKeys } from "./file.ts";

const DAY_MS = 86_400_000;
/** A key that ends within this is to be rotated, in days. */
const SOON = 14;
/** A key that was not used for this long may have no owner any more, in days. */
const UNUSED = 90;

/** Something to do about a file of keys. */
interface Problem {
  /** The key's; neither for what is wrong with the file. */
  id?: string;
  name?: string;
  message: string;
  next: string;
}

/** What to do about the keys of a file, a line each. Exit code 1 where there is something. */
export function checkKeys(file: string): Answer {
  const { entries, lastUsed } = readKeys(file);
  const now = Date.now();
  const problems: Problem[] = [];
  if (process.platform !== "win32" && (lstatSync(file).mode & 0o077) !== 0)
    problems.push({ message: `${file} can be read by others.`, next: `\`chmod 600 ${file}\`.` });
  for (const { id, name, created, expires, revoked } of entries) {
    if (revoked !== undefined) continue;
    const add = (what: string, next: string): void => {
      problems.push({ id, name, message: `${name} (${id}) ${what}.`, next: `\`offshoot keys ${next}\`.` });
    };
    const replaced = entries.some(
      (other) => other.name === name && other.created > created && whyNot(other, now) === undefined,
    );
    const leftMs = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires) - now;
    if (!replaced && leftMs <= 0) add(`ended on ${expires?.slice(0, 10)}`, `rotate ${name}`);
    else if (!replaced && leftMs < SOON * DAY_MS) add(`ends on ${expires?.slice(0, 10)}`, `rotate ${name}`);
    if (expires === undefined) add("never ends", `rotate ${name} --expires 90d`);
    const usedMs = now - Date.parse(own(lastUsed, id) ?? created);
    if (leftMs > 0 && usedMs > UNUSED * DAY_MS)
      add(`was not used for ${Math.floor(usedMs / DAY_MS)} days`, `revoke ${id}`);
  }
  return {
    data: { file, problems },
    text:
      problems.length === 0
        ? `${entries.length} keys in ${file}, and nothing to do.`
        : problems.map(({ message, next }) => `${message} Next: ${next}`).join("\n"),
    exitCode: problems.length === 0 ? 0 : 1,
  };
}

/** Whether a key that comes on stdin is accepted. Exit code 1 where it is not. */
export async function checkKey(file: string): Promise<Answer> {
  const { entries } = readKeys(file);
  if (process.stdin.isTTY) throw new Refusal("No key came on stdin.", "`offshoot keys check - < file`.");
  const key = (await text(process.stdin)).trim();
  const entry = entries.find(({ id }) => id === idOf(key));
  const right =
    entry !== undefined && timingSafeEqual(Buffer.from(hashOf(key), "hex"), Buffer.from(entry.sha256, "hex"));
  const why = right ? whyNot(entry, Date.now()) : "unknown";
  if (why !== undefined || !right)
    return { data: { accepted: false, reason: why }, text: `It is not accepted: ${why}.`, exitCode: 1 };
  const { id, name, scopes, expires } = entry;
  return {
    data: { accepted: true, id, name, scopes, expires: expires ?? null },
    text: `It is accepted: ${id} of ${name}, until ${expires ?? "it is revoked"}; scopes: ${scopes.join(" ") || "none"}.`,
  };
}
