import { createLocalJWKSet, errors, type JWK, type JWSHeaderParameters } from "jose";

/** The keys of an issuer at one time. */
export interface Keys {
  /** Finds the key of a token, as jose calls it. @throws ERR_JWKS_NO_MATCHING_KEY, ERR_JWKS_MULTIPLE_MATCHING_KEYS */
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly kids: readonly string[];
  /** Of the keys with this kid, or of those without one, all that was published, as texts. */
  textsOf(kid: string | undefined): readonly string[];
  /** The kid of a key that {@link Keys.find} gave: a token may leave it out. `undefined` for a key without one. */
  kidOf(key: unknown, header: JWSHeaderParameters): Promise<string | undefined>;
}

function keysOf(jwks: readonly JWK[]): Keys {
  const find = createLocalJWKSet({ keys: [...jwks] });
  const kids = jwks.flatMap(({ kid }) => (typeof kid === "string" ? [kid] : []));
  const has = async (header: JWSHeaderParameters, key: unknown): Promise<boolean> => {
    try {
      return (await find(header)) === key;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return false;
      for await (const one of error) if (one === key) return true;
      return false;
    }
  };
  return {
    find,
    kids,
    textsOf: (kid) => jwks.filter((one) => one.kid === kid).map((one) => JSON.stringify(one)),
    async kidOf(key, header) {
      for (const kid of kids) if (await has({ ...header, kid }, key)) return kid;
      return undefined;
    },
  };
}

/** It cannot be told now whether a token is genuine. */
export class KeysUnavailable extends Error {
  readonly retryAfterS: number;
  constructor(message: string, retryAfterS: number) {
    super(message);
    this.name = "KeysUnavailable";
    this.retryAfterS = retryAfterS;
  }
}

/** Follows the signing keys of an issuer. */
export interface KeySet {
  /** The keys as they are known, no older than their time. @throws KeysUnavailable */
  current(): Promise<Keys>;
  /** The keys after one more look, for a token whose key is not among them. @throws KeysUnavailable */
  newer(): Promise<Keys>;
  /** Looks now, whenever the last look was. */
  reload(): Promise<void>;
  /** Whether a key was among them once, and was taken away. */
  wasRemoved(kid: string): boolean;
  /** Whether what had this kid among earlier keys is still there: not where another key has taken its name. */
  keeps(kid: string | undefined, earlier: Keys): boolean;
  /** Why no token can be verified now; `undefined` where tokens can be. Looks when that is due. */
  problem(): string | undefined;
}

/** What a key set is made with. */
export interface KeySetOptions {
  /** How old the keys may be, in ms: a key that was taken away is refused after that. */
  maxAgeMs: number;
  /** Told when the keys have changed. */
  changed(kids: { before: readonly string[]; after: readonly string[] }): void;
  /** Told when the first look of a series fails, and when one succeeds again. */
  trouble(error: unknown): void;
  /** In ms; never goes back. */
  now?: (() => number) | undefined;
}

/**
 * Time between two looks, in ms, whatever comes. Tokens of a new key wait for the next one: a client that were refused
 * would have its user sign in again. RFC 7517 has no number; a new key has to be accepted within 5 s here.
 */
const COOLDOWN_MS = 2_000;
/** How long the last keys are used while no newer ones can be had, in ms: the tokens of most servers have ended by then. */
const MAX_STALE_MS = 3_600_000;
const NO_KEYS = "the keys of the issuer cannot be had";
/** Requests that may wait for a look. What comes beside them is sent away, to come again. */
const MAX_WAITING = 256;

/**
 * jose's own remote set forgets its keys when the issuer is away, refuses a new key for half a minute, and accepts one
 * that was taken away for ten.
 */
export function createKeySet(
  load: () => Promise<readonly JWK[]>,
  { maxAgeMs, changed, trouble, now = () => performance.now() }: KeySetOptions,
): KeySet {
  let keys: Keys | undefined;
  let text = "";
  let loadedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failing = false;
  let running: Promise<void> | undefined;
  let planned: Promise<void> | undefined;
  let waiting = 0;
  const removed = new Set<string>();

  const take = (jwks: readonly JWK[]): void => {
    loadedAt = now();
    const next = JSON.stringify(jwks);
    if (next === text) return;
    const before = keys?.kids;
    keys = keysOf(jwks);
    const { kids } = keys;
    text = next;
    for (const kid of before ?? []) if (!kids.includes(kid)) removed.add(kid);
    for (const kid of kids) removed.delete(kid);
    if (before !== undefined) changed({ before, after: kids });
  };
  const look = (): Promise<void> => {
    running ??= load()
      .then((jwks) => {
        take(jwks);
        if (failing) trouble(undefined);
        failing = false;
      })
      .catch((error: unknown) => {
        if (!failing) trouble(error);
        failing = true;
      })
      .finally(() => {
        running = undefined;
      });
    triedAt = now();
    return running;
  };
  /** The next look that may be: now, or when the time between two is over. One for all who wait for it. */
  const nextLook = (): Promise<void> => {
    const inMs = triedAt + COOLDOWN_MS - now();
    if (inMs <= 0) return look();
    planned ??= new Promise<void>((resolve) => setTimeout(resolve, inMs).unref()).then(look).finally(() => {
      planned = undefined;
    });
    return planned;
  };
  const areUsable = (): boolean => keys !== undefined && now() - loadedAt <= Math.max(MAX_STALE_MS, maxAgeMs);
  const known = (): Keys => {
    if (areUsable()) return keys as Keys;
    throw new KeysUnavailable(NO_KEYS, COOLDOWN_MS / 1_000);
  };
  /** Early enough, so that no request waits while the issuer answers. */
  const lookIfDue = (): void => {
    if (now() - loadedAt > maxAgeMs / 2 && running === undefined && now() - triedAt >= COOLDOWN_MS) void look();
  };

  return {
    async current() {
      lookIfDue();
      // With an issuer that is away, the first request waits and the others go on with what is known.
      if (running !== undefined && (keys === undefined || (now() - loadedAt > maxAgeMs && !failing))) await running;
      return known();
    },
    async newer() {
      if (waiting >= MAX_WAITING) throw new KeysUnavailable("too many wait for the issuer's keys", 1);
      waiting += 1;
      try {
        // One that runs may have begun before the key was there; what it brings tells.
        const before = keys;
        await running;
        if (keys === before) await nextLook();
      } finally {
        waiting -= 1;
      }
      if (failing) throw new KeysUnavailable(NO_KEYS, COOLDOWN_MS / 1_000);
      return known();
    },
    async reload() {
      await running;
      await look();
    },
    wasRemoved: (kid) => removed.has(kid),
    keeps(kid, earlier) {
      const texts = keys?.textsOf(kid);
      return texts === undefined || earlier.textsOf(kid).every((text) => texts.includes(text));
    },
    problem() {
      lookIfDue();
      return areUsable() ? undefined : NO_KEYS;
    },
  };
}
