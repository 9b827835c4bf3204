/**
 * Keeps only some fields of a value. A path names a field (`id`), one inside (`customer.name`), or one of every item of
 * a list (`items[].id`). A path that leads nowhere is left out: APIs leave fields out too.
 */
export function project(value: unknown, paths: readonly string[]): unknown {
  const tree: Tree = {};
  for (const path of paths) {
    let at = tree;
    for (const step of path.split(".")) {
      at[step] ??= {};
      at = at[step];
    }
  }
  return keep(value, tree);
}

/** The fields to keep, by their steps. Empty: the whole value. */
interface Tree {
  [step: string]: Tree;
}

function keep(value: unknown, tree: Tree): unknown {
  if (Object.keys(tree).length === 0 || typeof value !== "object" || value === null) return value;
  const items = tree["[]"];
  if (Array.isArray(value)) return value.map((item) => keep(item, items ?? tree));
  const source = value as Record<string, unknown>;
  const out: Record<string, unknown> = {};
  for (const [step, inner] of Object.entries(tree)) {
    const list = step.endsWith("[]");
    const name = list ? step.slice(0, -2) : step;
    if (!Object.hasOwn(source, name)) continue;
    const found = source[name];
    out[name] = list && Array.isArray(found) ? found.map((item) => keep(item, inner)) : keep(found, inner);
  }
  return out;
}

/** The value at a path of names: `paging.next`. */
export function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const step of path.split("."))
    at =
      typeof at === "object" && at !== null && Object.hasOwn(at, step)
        ? (at as Record<string, unknown>)[step]
        : undefined;
  return at;
}
