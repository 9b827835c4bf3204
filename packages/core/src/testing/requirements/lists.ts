import { isDeepStrictEqual } from "node:util";
import { checkText } from "../../contract/names/names.ts";
import { invalidParams } from "./attempt.ts";
import { type Requirement, report, type Subject } from "./requirement.ts";
import { walk } from "./schemas.ts";

/** A list of the protocol. */
interface List {
  method: string;
  member: string;
  /** What identifies an entry. */
  key: string;
  /** The entries that the definition promises; a domain may list more resources than it promises. */
  promised: readonly string[];
}

/** The lists that this server has, by its definition. */
function listsOf({ definition: { tools, resources, prompts } }: Subject): List[] {
  const families = [...resources.values()].filter(({ template }) => template.variables.length > 0);
  const fixed = [...resources.values()].filter(({ template }) => template.variables.length === 0);
  const uris = (items: typeof fixed) => items.map(({ uri }) => uri);
  return [
    { method: "tools/list", member: "tools", key: "name", promised: [...tools.keys()] },
    { method: "prompts/list", member: "prompts", key: "name", promised: [...prompts.keys()] },
    ...(resources.size === 0
      ? []
      : [{ method: "resources/list", member: "resources", key: "uri", promised: uris(fixed) }]),
    { method: "resources/templates/list", member: "resourceTemplates", key: "uriTemplate", promised: uris(families) },
  ].filter(({ member, promised }) => member === "resources" || promised.length > 0);
}

/** Follows the cursors to the end. @throws when they lead in a circle */
async function pagesOf({ client }: Subject, { method, member, key }: List): Promise<string[]> {
  const keys: string[] = [];
  const seen = new Set<unknown>();
  let cursor: unknown;
  do {
    const page = await client.request(method, cursor === undefined ? {} : { cursor });
    const entries = page[member];
    if (!Array.isArray(entries)) throw new Error(`${method} answered without the array "${member}".`);
    keys.push(...entries.map((entry: Record<string, unknown>) => String(entry[key])));
    cursor = page.nextCursor;
    if (seen.has(cursor))
      throw new Error(`${method} gave the cursor ${JSON.stringify(cursor)} twice: its pages never end.`);
    seen.add(cursor);
  } while (cursor !== undefined);
  return keys;
}

/** Requirements on every list: tools, resources, resource templates, prompts. */
export const listRequirements: readonly Requirement[] = [
  {
    id: "lists-complete",
    because: "A client shows its model what the lists show: an entry lost between two pages does not exist for it.",
    async check(subject) {
      const problems: string[] = [];
      for (const list of listsOf(subject)) {
        const keys = await pagesOf(subject, list);
        const lost = list.promised.filter((key) => !keys.includes(key));
        const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
        if (lost.length > 0) problems.push(`${list.method} leaves out ${lost.join(", ")}.`);
        if (twice.length > 0) problems.push(`${list.method} lists ${twice.join(", ")} more than once.`);
      }
      report(problems);
    },
  },
  {
    id: "lists-stable",
    because:
      "A model's provider caches the prompt that the tool list is part of: an order that changes pays for it again in every turn.",
    async check(subject) {
      const problems: string[] = [];
      for (const { method, member } of listsOf(subject)) {
        const [first, second] = [await subject.client.request(method), await subject.client.request(method)];
        if (!isDeepStrictEqual(first[member], second[member]))
          problems.push(`${method} answered differently the second time.`);
      }
      report(problems);
    },
  },
  {
    id: "forged-cursor",
    because:
      "A cursor is a promise of the server's: answering an invented one gives a client the wrong page and no way to notice.",
    async check(subject) {
      const invented = Buffer.from('["tools",-1]').toString("base64url");
      const problems: (string | undefined)[] = [];
      for (const { method } of listsOf(subject)) {
        for (const cursor of ["offshoot-forged", invented]) {
          problems.push(
            await invalidParams(
              `${method} with the invented cursor "${cursor}"`,
              subject.client.request(method, { cursor }),
            ),
          );
        }
      }
      report(problems);
    },
  },
  {
    id: "cache-hints",
    era: "2026",
    because:
      "Without sessions a client must be told how long a list holds and for whom: a private list in a shared cache shows one user another's.",
    async check(subject) {
      const problems: string[] = [];
      for (const { method } of listsOf(subject)) {
        const { ttlMs, cacheScope, nextCursor: cursor } = await subject.client.request(method);
        if (cursor !== undefined) {
          const second = await subject.client.request(method, { cursor });
          if (second.ttlMs !== ttlMs || second.cacheScope !== cacheScope)
            problems.push(`The second page of ${method} holds for another time or scope than the first.`);
        }
        const lasts = Number.isSafeInteger(ttlMs) && (ttlMs as number) >= 0;
        if (!lasts)
          problems.push(`${method} has ttlMs ${JSON.stringify(ttlMs)}; it must be a whole number of ms, 0 or more.`);
        if (cacheScope !== "public" && cacheScope !== "private") {
          problems.push(`${method} has cacheScope ${JSON.stringify(cacheScope)}; it must be "public" or "private".`);
        }
      }
      report(problems);
    },
  },
  {
    id: "no-hidden-text",
    because:
      "Characters that no reviewer sees and every model reads are how instructions are smuggled into a tool's description.",
    async check(subject) {
      const problems: string[] = [];
      const look = (where: string, text: unknown): void => {
        if (typeof text !== "string" || text.trim() === "") return;
        try {
          checkText(where, text);
        } catch (error) {
          problems.push((error as Error).message);
        }
      };
      look("The instructions", subject.client.instructions);
      // Names of single resources are the user's data (a note's title, say); what the server's author wrote is not.
      for (const list of listsOf(subject).filter(({ method }) => method !== "resources/list")) {
        const page = await subject.client.request(list.method);
        for (const entry of page[list.member] as Record<string, unknown>[]) {
          walk(entry, ({ title, description }, path) => {
            const where = `${list.method}: ${String(entry[list.key])}${path === "" ? "" : `, ${path}`}`;
            look(where, title);
            look(where, description);
          });
        }
      }
      report(problems);
    },
  },
];
