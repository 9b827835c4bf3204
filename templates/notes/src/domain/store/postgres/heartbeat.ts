import type { Client } from "pg";
import { processOf, streamOf } from "./cancel.ts";

/**
 * Cuts a connection that waits for an answer nobody makes any more, twice in a row `everyMs` apart: its process on the server
 * does nothing, or no server can be asked. For statements that may take minutes, whose silence says nothing.
 *
 * @returns ends the watch
 */
export function watchOver(client: object, connect: () => Promise<Client>, everyMs: number): () => void {
  const stream = streamOf(client);
  let last: string | undefined;
  let ended = false;

  async function look(): Promise<string | undefined> {
    if ((client as { readyForQuery: boolean }).readyForQuery) return undefined;
    let other: Client | undefined;
    try {
      other = await connect();
      const line = streamOf(other);
      line.setTimeout(everyMs, () => line.destroy());
      const text = "SELECT state, state_change::text AS since FROM pg_stat_activity WHERE pid = $1";
      const { rows } = await other.query(text, [processOf(client)]);
      return rows[0]?.state === "active" ? undefined : `idle since ${rows[0]?.since}`;
    } catch {
      return "no server";
    } finally {
      other?.end().catch(() => {});
    }
  }

  async function beat(): Promise<void> {
    const now = await look();
    if (ended) return;
    if (now !== undefined && now === last) stream.destroy(new Error("Connection terminated: no answer"));
    last = now;
    timer = setTimeout(beat, everyMs);
  }

  let timer = setTimeout(beat, everyMs);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
