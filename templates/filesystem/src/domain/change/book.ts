import type { StateFolder } from "../safe-fs/journal/state-folder.ts";
import type { Ground } from "../safe-fs/locate.ts";
import { createTrash, type TrashOptions } from "../safe-fs/trash/trash.ts";
import type { Book, Desk } from "./desk.ts";
import { recover } from "./recover.ts";
import { warn } from "./with-journal.ts";

/** Opens the journal and the trash with the first change, not before: a server that only reads leaves no trace. */
export function createBook(ground: Ground, records: StateFolder, options: TrashOptions) {
  let opening: Promise<Book> | undefined;
  const open = async (): Promise<Book> => {
    const { journal, isAlive, fleeting } = await records.open();
    const trash = createTrash(ground, journal, options);
    for (const root of ground.roots) {
      const strangers = root.readOnly ? [] : trash.strangers(root);
      if (strangers.length > 0) {
        const names = JSON.stringify(strangers.slice(0, 5));
        warn(`In ${root.given} there is what this server has not put there: ${names}. It is not used; look at it.`);
      }
    }
    ending = () => (fleeting ? trash.end() : Promise.resolve());
    return { journal, trash, isAlive };
  };
  let ending = (): Promise<void> => Promise.resolve();
  return {
    open() {
      opening ??= open();
      return opening;
    },
    async close(): Promise<void> {
      await opening?.catch(() => {});
      await ending().catch(warn);
    },
  };
}

/**
 * At a start: what a crash has left half done, before anything else. What was kept long enough goes in the background.
 * The server can do without; the next start tries again.
 */
export async function tidyUp(desk: Desk, background: (work: (signal: AbortSignal) => Promise<void>) => void) {
  try {
    const { trash } = await desk.book();
    await recover(desk);
    background(trash.sweep);
  } catch (error) {
    warn(error);
  }
}
