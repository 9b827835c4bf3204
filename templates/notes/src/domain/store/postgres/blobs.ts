import { createHash } from "node:crypto";
import { NotesError } from "../../errors.ts";
import type { Blobs } from "../blobs.ts";
import type { Database, Query } from "./pool.ts";

/** Bytes in one row: little enough to be held in memory a few times. */
const PIECE_BYTES = 1024 * 1024;

/** Keeps the bytes of attachments in the database, where every instance sees them. */
export function createPostgresBlobs({ read, change }: Database): Blobs {
  const has = async (query: Query, sha256: string) =>
    (await query.query("SELECT 1 FROM blobs WHERE sha256 = $1 AND piece = 0", [sha256])).rows.length > 0;

  return {
    async put(source) {
      const pieces: Buffer[] = [];
      const hash = createHash("sha256");
      let size = 0;
      for await (const chunk of source) {
        hash.update(chunk);
        size += chunk.length;
        pieces.push(chunk);
      }
      const sha256 = hash.digest("hex");
      if (await read((query) => has(query, sha256))) return { sha256, size };
      const bytes = Buffer.concat(pieces);
      await change(async (query) => {
        for (let piece = 0; piece === 0 || piece * PIECE_BYTES < size; piece++) {
          const part = bytes.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES);
          await query.query("INSERT INTO blobs VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", [sha256, piece, part]);
        }
        return [true, undefined];
      });
      return { sha256, size };
    },
    async get(sha256) {
      const { rows } = await read((query) =>
        query.query("SELECT bytes FROM blobs WHERE sha256 = $1 ORDER BY piece", [sha256]),
      );
      const bytes = Buffer.concat(rows.map((row) => row.bytes));
      if (createHash("sha256").update(bytes).digest("hex") === sha256) return bytes;
      throw new NotesError("damaged", "The attachment is damaged in the database. Restore a backup.");
    },
  };
}
