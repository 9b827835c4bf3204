import { compileGlob, type Glob } from "./search/glob.ts";

/** What most people would not show to a model: secrets, keys, and the inside of repositories. */
export const usuallyDenied = [
  ".env*",
  ".git",
  ".ssh",
  ".gnupg",
  ".netrc",
  ".pypirc",
  ".git-credentials",
  ".aws/credentials",
  "id_{rsa,dsa,ecdsa,ed25519}",
  "*.{pem,key,p12,pfx,jks,keystore,ppk,kdbx}",
];

/** Examples of such files, which hold no secrets. */
export const usuallyAllowed = [".env.{example,sample,template,dist}"];

/**
 * Whether a path below a root is kept from callers: it, or a folder on its way, is denied, and nothing from there on is
 * allowed. A pattern matches whatever the case of letters; one without a slash is about names in any folder.
 */
export function createDeny(
  denied: readonly string[],
  allowed: readonly string[],
): (relative: readonly string[]) => boolean {
  const compile = (argument: string) => (pattern: string) =>
    compileGlob(pattern.includes("/") ? `{,**/}${pattern}` : `**/${pattern}`, argument, { ignoreCase: true });
  const [denies, allows] = [denied.map(compile("deny")), allowed.map(compile("allow"))];
  return (relative) => {
    // Names that no pattern is about are most, and are asked for at every step of a walk.
    let isDenied = false;
    let [deniedAt, allowedAt] = [denies.map(({ start }) => start), allows.map(({ start }) => start)];
    for (const name of relative) {
      deniedAt = denies.map((glob, index) => glob.step(deniedAt[index] ?? [], name));
      allowedAt = allows.map((glob, index) => glob.step(allowedAt[index] ?? [], name));
      isDenied ||= accepts(denies, deniedAt);
      if (isDenied && accepts(allows, allowedAt)) return false;
    }
    return isDenied;
  };
}

const accepts = (globs: readonly Glob[], places: readonly (readonly number[])[]): boolean =>
  globs.some((glob, index) => glob.accepts(places[index] ?? []));
