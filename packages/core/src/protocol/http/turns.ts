import { MESSAGES_PER_TURN } from "../stdio/inbox.ts";

/** What costs next to nothing and needs no place: it is not made to stand behind a thousand calls. */
const AT_ONCE = new Set([
  "server/discover",
  "initialize",
  "ping",
  "tools/list",
  "prompts/list",
  "resources/templates/list",
]);

/**
 * Spreads a burst over turns. When hundreds of connections become readable at once, Node hands over all of them before
 * anything else runs; begun in one go they would hold up what should be quick, and every answer.
 *
 * @returns `undefined` for a request that may begin now, else a promise of its turn
 */
export function createTurns(): (method: string | undefined) => Promise<void> | undefined {
  let room = MESSAGES_PER_TURN;
  let scheduled = false;
  let waiting: (() => void)[] = [];
  const turn = (): void => {
    const now = waiting.slice(0, MESSAGES_PER_TURN);
    waiting = waiting.slice(MESSAGES_PER_TURN);
    room = MESSAGES_PER_TURN - now.length;
    scheduled = waiting.length > 0 || room < MESSAGES_PER_TURN;
    if (scheduled) setImmediate(turn);
    for (const begin of now) begin();
  };
  return (method) => {
    if (method === undefined || AT_ONCE.has(method)) return undefined;
    if (!scheduled) {
      scheduled = true;
      setImmediate(turn);
    }
    if (room > 0 && waiting.length === 0) {
      room -= 1;
      return undefined;
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
}
