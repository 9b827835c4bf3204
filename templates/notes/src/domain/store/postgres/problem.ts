import { setTimeout as pause } from "node:timers/promises";
import { NotesError } from "../../errors.ts";
import { migrations, newerSchema } from "./migrations.ts";
import type { Database } from "./pool.ts";

/** How long a look at the database may take, in milliseconds: a load balancer asks for it several times a second. */
const LOOK_MS = 250;

/**
 * Says why nothing can be written. A database that is away is no reason at first: all instances share it, and a balancer that
 * takes all of them out answers calls with an error that they could have waited for.
 *
 * @param patienceMs how long it may be away
 */
export function createProblem({ read }: Database, patienceMs: number): () => Promise<string | undefined> {
  let answeredAt = performance.now();
  let looking: Promise<string | undefined> | undefined;

  async function look(): Promise<string | undefined> {
    try {
      const { rows } = await read((query) => query.query("SELECT schema FROM meta"));
      answeredAt = performance.now();
      return rows[0].schema === migrations.length ? undefined : newerSchema(rows[0].schema).message;
    } catch (error) {
      if (!(error instanceof NotesError)) return String(error);
      if (error.code === "busy" || error.code === "storage") return away();
      return error.message;
    } finally {
      looking = undefined;
    }
  }

  const away = () => {
    if (performance.now() - answeredAt < patienceMs) return undefined;
    return "The database cannot be reached, or does not answer.";
  };

  return () => {
    looking ??= look();
    return Promise.race([looking, pause(LOOK_MS, undefined).then(away)]);
  };
}
