/** What a bundle was made of; nothing where the sources run. */
export interface BuildIdentity {
  /** Name and version of the package. */
  package?: string | undefined;
  /** Version of `@offshoot/core`. */
  core?: string | undefined;
  /** The template it was made from, and at which version. */
  template?: string | undefined;
  /** `sha256-…` of `contract.lock.json`. */
  contract?: string | undefined;
}

/** What runs: the build, and the digest of its configuration. */
export interface Identity extends BuildIdentity {
  readonly config?: string | undefined;
}

declare const OFFSHOOT_BUILD: BuildIdentity | undefined;

/** Put in by `@offshoot/core/bundle` when a server is built. */
export const build: BuildIdentity = typeof OFFSHOOT_BUILD === "undefined" ? {} : (OFFSHOOT_BUILD as BuildIdentity);
