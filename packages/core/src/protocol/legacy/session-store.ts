import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { heapLimit } from "../../admission/bytes.ts";
import { isNobody } from "../../admission/places.ts";
import { type Caller, identityOf } from "../../contract/context.ts";
import type { Session } from "./session.ts";

/** Limits of the 2025 era's HTTP sessions. */
export interface SessionOptions {
  /**
   * Open sessions at once. Past it the longest idle one makes room, of the address (or caller) that has the most.
   * Default 1 000, fewer where the heap is small.
   */
  maxSessions?: number | undefined;
  /** A session unused for this long, in ms, is closed: clients rarely send DELETE. Default 30 minutes. */
  sessionIdleMs?: number | undefined;
  /** `stateless` keeps none: each request stands alone, and no question can be put to a user. Default `stateful`. */
  sessions?: "stateful" | "stateless" | undefined;
  /** Begins the ids of sessions, so that a load balancer brings them back here. @default none */
  instance?: string | undefined;
}

/** A session that nothing came of but its handshake is closed after this long, in ms. */
const UNUSED_MS = 30_000;
/** What a session takes of the heap, in bytes, generously. */
const SESSION_BYTES = 131_072;
/** How often idle ones are looked for, in ms. */
const SWEEP_MS = 10_000;

/** An open session, and how it has been used. */
export interface SessionEntry {
  readonly session: Session;
  readonly caller: string;
  /** Who is counted: an authenticated caller, or an address. */
  readonly owner: string;
  /** Whether anything but its handshake was sent. */
  used: boolean;
  /** On the clock of `performance.now()`: a change of the wall clock must not end it. */
  usedAt: number;
}

/** The open sessions of an endpoint: as many as there is room for, and none that is idle for long. */
export interface SessionStore {
  readonly size: number;
  /** The session of this id, where it is this caller's: to anyone else it does not exist. */
  get(id: string | undefined, caller: Caller): SessionEntry | undefined;
  /** Opens one. `undefined`: there is no room, and all are at work. */
  add(request: IncomingMessage, caller: Caller, open: (id: string) => Promise<Session>): Promise<Session | undefined>;
  /** It is used now, and until this response has ended. */
  touch(entry: SessionEntry, response: ServerResponse): void;
  end(entry: SessionEntry): void;
  /** The server ends. */
  close(): Promise<void>;
}

export function createSessionStore({ sessionIdleMs = 1_800_000, maxSessions, instance }: SessionOptions): SessionStore {
  const most = maxSessions ?? Math.min(1_000, Math.floor(heapLimit() / SESSION_BYTES));
  const entries = new Map<string, SessionEntry>();

  const end = (entry: SessionEntry): void => {
    entries.delete(entry.session.id);
    void entry.session.close();
  };
  const sweep = (): void => {
    const now = performance.now();
    for (const entry of entries.values()) {
      const idleMs = entry.used ? sessionIdleMs : Math.min(UNUSED_MS, sessionIdleMs);
      if (now - entry.usedAt > idleMs && entry.session.inFlight.size === 0) end(entry);
    }
  };
  const timer = setInterval(sweep, Math.min(sessionIdleMs, SWEEP_MS)).unref();

  /** Ends an idle session of who has the most, so that a crowd makes room for others and not they for it. */
  const makeRoom = (owner: string): boolean => {
    while (entries.size >= most) {
      const longest = longestIdle([...entries.values()], owner);
      if (longest === undefined) return false;
      end(longest);
    }
    return true;
  };

  return {
    get size() {
      return entries.size;
    },
    get(id, caller) {
      const entry = id === undefined ? undefined : entries.get(id);
      return entry?.caller === identityOf(caller) ? entry : undefined;
    },
    async add(request, caller, open) {
      const owner = isNobody(caller.id) ? (request.socket.remoteAddress ?? "") : caller.id;
      if (!makeRoom(owner)) return undefined;
      // 128 bits: knowing one helps nobody to guess another.
      const name = randomBytes(16).toString("hex");
      const session = await open(instance === undefined ? name : `${instance}-${name}`);
      entries.set(session.id, { session, caller: identityOf(caller), owner, used: false, usedAt: performance.now() });
      return session;
    },
    touch(entry, response) {
      entry.used = true;
      entry.usedAt = performance.now();
      response.on("close", () => {
        entry.usedAt = performance.now();
      });
    },
    end,
    async close() {
      clearInterval(timer);
      await Promise.allSettled([...entries.values()].map(({ session }) => session.close(true)));
      entries.clear();
    },
  };
}

/** The idle session that goes first: of those who have the most, and at least as many as this owner. */
function longestIdle(entries: readonly SessionEntry[], owner: string): SessionEntry | undefined {
  const counts = new Map<string, number>();
  for (const entry of entries) counts.set(entry.owner, (counts.get(entry.owner) ?? 0) + 1);
  const countOf = (entry: SessionEntry): number => counts.get(entry.owner) as number;
  const least = Math.max(1, counts.get(owner) ?? 0);
  const rank = (entry: SessionEntry): number[] => [
    -countOf(entry),
    Number(entry.used),
    Number(entry.session.listens),
    entry.usedAt,
  ];
  let longest: SessionEntry | undefined;
  for (const entry of entries) {
    if (entry.session.inFlight.size > 0 || countOf(entry) < least) continue;
    if (longest === undefined || isBefore(rank(entry), rank(longest))) longest = entry;
  }
  return longest;
}

/** Whether the first list of numbers comes before the second. */
function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at !== -1 && (one[at] as number) < (other[at] as number);
}
