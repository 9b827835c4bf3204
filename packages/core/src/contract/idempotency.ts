import { DefinitionError } from "./errors.ts";
import type { ObjectJsonSchema } from "./schemas/json-schema.ts";

/** How a tool that changes things is made safe to call twice: by a key with which the caller names one request. */
export interface Idempotency {
  /** The field of `inputSchema` that carries the key, a string. A call without it runs as ever. */
  key: string;
  /** How long an answer is kept for its key, in ms; not used where the handler keeps it. @default 24 h */
  ttlMs?: number | undefined;
  /**
   * Who remembers the answers. `core` (the default) does it around any handler, in the server's `idempotencyStore`.
   * `handler` does it itself, in the transaction of its change, which is the only place where a crash between the
   * change and its record cannot happen.
   */
  keptBy?: "core" | "handler" | undefined;
}

/** A key's first use. */
export interface IdempotencyClaim {
  /** Stands for the caller, the tool and the caller's key, hashed: 22 characters. */
  key: string;
  /** Hash of the input without the key. */
  input: string;
  /** Milliseconds since 1970. */
  now: number;
  expiresAt: number;
  /** Until when the call that has the key may run: without an answer by then, it was cut off. */
  leaseUntil: number;
}

/** What a store knows of a key. Without an answer its call is not over, or was cut off: nobody knows what it did. */
export interface IdempotencyRecord {
  input: string;
  answer?: string | undefined;
  /** Of the claim. A repetition at another instance waits until then; a store that leaves it out has one instance. */
  leaseUntil?: number | undefined;
}

/**
 * Remembers the answers of keyed calls. What it throws fails the call: before the handler runs, or in the log after.
 */
export interface IdempotencyStore {
  /** Claims a key in one step, or says what is there already. A record whose time is over counts as none. */
  begin(claim: IdempotencyClaim): IdempotencyRecord | undefined | Promise<IdempotencyRecord | undefined>;
  /** Keeps the answer, JSON text, until the claim's end. */
  finish(key: string, answer: string): void | Promise<void>;
  /** Gives the key back: the call changed nothing. */
  release(key: string): void | Promise<void>;
}

/** Refuses a key that no input can carry, or that stands for nothing. */
export function checkIdempotency(
  where: string,
  idempotency: Idempotency,
  input: ObjectJsonSchema,
  readOnly: boolean | undefined,
): void {
  if (readOnly) throw new DefinitionError(`${where} is read-only: it can be called twice without an idempotency key.`);
  const { key, ttlMs } = idempotency ?? {};
  const field = (input.properties as Record<string, { type?: unknown }> | undefined)?.[key as string];
  if (field?.type !== "string")
    throw new DefinitionError(
      `${where}: the idempotency key must be a field of its inputSchema that is a string; "${String(key)}" is not.`,
    );
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs > 0))
    throw new DefinitionError(
      `${where}: an idempotency key's ttlMs must be a whole number of ms above 0, got ${String(ttlMs)}.`,
    );
}
