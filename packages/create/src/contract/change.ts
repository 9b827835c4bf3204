/** What a change of the contract means for who relies on it. `routing`: texts that models choose by. */
export type Level = "major" | "minor" | "patch" | "routing";

/** One difference between two contracts. */
export interface Change {
  /** Where: `tools.create_note.inputSchema.properties.title`. */
  path: string;
  /** What became of it: `removed`, `maxLength: 200 → 100`. */
  what: string;
  level: Level;
}

/** A version's step. */
export type Bump = "major" | "minor" | "patch" | "none";

/** The step that changes ask for. Before 1.0.0 a minor step is the one that may break. */
export function bumpFor(changes: readonly Pick<Change, "level">[], version: string): Bump {
  const has = (level: Level): boolean => changes.some((change) => change.level === level);
  if (changes.length === 0) return "none";
  if (version.startsWith("0.")) return has("major") ? "minor" : "patch";
  return has("major") ? "major" : has("minor") ? "minor" : "patch";
}

const SIZE: Bump[] = ["none", "patch", "minor", "major"];

/** Whether a step is at least as large as what is asked for. */
export const suffices = (bump: Bump, wanted: Bump): boolean => SIZE.indexOf(bump) >= SIZE.indexOf(wanted);

/** A path with one more step; what is no plain name stands in brackets. */
export const at = (path: string, key: string): string =>
  /^[\w$-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;

/** A value short enough for one line. */
export function shorten(value: unknown): string {
  const text = value === undefined ? "none" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
