import type { Item } from "../call/access.ts";
import type { Caller } from "../contract/context.ts";
import type { PolicyRule, PolicyWhat, PolicyWho } from "../contract/policy.ts";

/** How a caller came to be known: not at all on stdio, where it is the server's own user, nor on open HTTP. */
export type CallerKind = "local" | "anonymous" | "authenticated";

/**
 * The two ids of callers that nobody authenticates. One that was recognised and happens to be called so has scopes; to
 * be sure, those who authenticate never hand out these ids.
 */
export const kindOf = ({ id, scopes, method }: Caller): CallerKind =>
  method === undefined && scopes === undefined && (id === "local" || id === "anonymous") ? id : "authenticated";

/** Whether a rule is about this caller. */
export function isAbout(who: PolicyWho, caller: Caller): boolean {
  if (who === "everyone") return true;
  const kind = kindOf(caller);
  if (typeof who === "string") return who === kind;
  if (kind !== "authenticated") return false;
  const { callers, scopes = [] } = who;
  return (
    (callers === undefined || callers.includes(caller.id)) &&
    (caller.scopes === undefined || scopes.every((scope) => caller.scopes?.includes(scope)))
  );
}

/** Whether a rule names this tool, resource or prompt. */
export function names({ what }: PolicyRule, item: Item): boolean {
  if (what === "everything") return true;
  const { scoped } = what;
  if (scoped !== undefined && scoped !== (item.scopes ?? []).length > 0) return false;
  const patterns = patternsOf(what, item.kind);
  const texts = [item.name];
  if (item.kind === "resource") texts.push(item.uri);
  if (item.kind === "tool" && item.sameAs !== undefined) texts.push(item.sameAs);
  if (!patterns.some((pattern) => texts.some((text) => isLike(text, pattern)))) return false;
  if (item.kind !== "tool") return true;
  const { readOnlyHint = false, destructiveHint = true } = item.annotations ?? {};
  const { readOnly = readOnlyHint, destructive } = what;
  return readOnly === readOnlyHint && (destructive === undefined || destructive === (!readOnlyHint && destructiveHint));
}

function patternsOf(what: PolicyWhat, kind: Item["kind"]): readonly string[] {
  if (kind === "resource") return what.resources ?? [];
  if (kind === "prompt") return what.prompts ?? [];
  const { tools, readOnly, destructive } = what;
  return tools ?? (readOnly === undefined && destructive === undefined ? [] : ["*"]);
}

/** Whether a text is what a pattern says, in which `*` stands for any text. Linear: each part is looked for once. */
export function isLike(text: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
