import { statSync } from "node:fs";
import { readStart } from "./read-start.ts";

const magic = "d9d505f920a163d7";

/**
 * Whether a rollback journal stands beside the database that is not its own. SQLite would write the journal's pages into the
 * file and cut it to the journal's length before anyone can look (https://sqlite.org/fileformat2.html#the_rollback_journal).
 * The only journal that a server leaves is of the moment when its first start turns on the log: it holds the first page.
 */
export function isJournalForeign(file: string, page: number, withLog: boolean): boolean {
  const header = readStart(`${file}-journal`, 28);
  if (header.length < 28 || header.toString("hex", 0, 8) !== magic) return false;
  const [pages, sector] = [header.readUInt32BE(16), header.readUInt32BE(20)];
  const journal = readStart(`${file}-journal`, Math.min(sector, 65_536) + page + 9);
  const record = journal.subarray(sector);
  const isFirst = record.length < 4 + page || record.readUInt32BE(0) === 1;
  // The header of the page is what has changed.
  const isOwn = record.length < 4 + page || record.subarray(104, 4 + page).equals(readStart(file, page).subarray(100));
  return withLog || pages * page !== statSync(file).size || record.length > page + 8 || !isFirst || !isOwn;
}
