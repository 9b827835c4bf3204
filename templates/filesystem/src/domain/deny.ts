import { compileGlob } from "./search/glob.ts";

/** What most people would not show to a model: secrets, keys, and the inside of repositories. */
export const usuallyDenied = [
  ".env*",
  ".git",
  ".ssh",
  ".gnupg",
  ".netrc",
  ".pypirc",
  ".git-credentials",
  ".aws",
  "id_{rsa,dsa,ecdsa,ed25519}",
  "*.{pem,key,p12,pfx,jks,keystore,ppk,kdbx}",
];

/** Examples of such files, which hold no secrets. */
export const usuallyAllowed = [".env.{example,sample,template,dist}"];

/** What is kept from callers. */
export interface Deny {
  /** Whether a path below a root is kept: it, or a folder on its way, is denied, and nothing from there on is allowed. */
  (relative: readonly string[]): boolean;
  /** Whether what lies in a folder may be kept at one path of it and not at the other. */
  differs(one: readonly string[], other: readonly string[]): boolean;
}

/** A pattern matches whatever the case of letters; one without a slash is about names in any folder. */
export function createDeny(denied: readonly string[], allowed: readonly string[]): Deny {
  const [denies, allows] = [createMatch(denied, "deny"), createMatch(allowed, "allow")];
  const isDenied = (relative: readonly string[]): boolean => {
    // Most paths end here, at every step of a walk.
    const first = relative.findIndex((_, depth) => denies.matches(relative, depth));
    return first !== -1 && !relative.some((_, depth) => depth >= first && allows.matches(relative, depth));
  };
  return Object.assign(isDenied, {
    differs: (one: readonly string[], other: readonly string[]) =>
      denies.differs(one, other) || allows.differs(one, other),
  });
}

/** What was asked for before is known by its name. */
const mostKnown = 10_000;

/** Where patterns match: `matches` is about a path up to a depth. */
function createMatch(patterns: readonly string[], argument: string) {
  const compile = (pattern: string) => compileGlob(pattern, argument, { ignoreCase: true });
  const names = patterns.filter((pattern) => !pattern.includes("/") && pattern !== "**").map(compile);
  const paths = patterns.filter((pattern) => pattern.includes("/") || pattern === "**").map(compile);
  const known = new Map<string, boolean>();
  const isName = (name: string): boolean => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const found = names.some((glob) => glob.accepts(glob.step(glob.start, name)));
    if (known.size >= mostKnown) known.clear();
    known.set(name, found);
    return found;
  };
  return {
    matches: (relative: readonly string[], depth: number): boolean =>
      isName(relative[depth] ?? "") ||
      paths.some((glob) => glob.accepts(relative.slice(0, depth + 1).reduce(glob.step, glob.start))),
    // From the same place on, a glob matches the same.
    differs: (one: readonly string[], other: readonly string[]): boolean =>
      paths.some(({ start, step }) => String(one.reduce(step, start)) !== String(other.reduce(step, start))),
  };
}
