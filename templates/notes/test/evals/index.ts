// What this server must do well, as scenarios: `offshoot eval` plays them, and so does `npm test`.
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineEval } from "@offshoot/core/evals";
import { openNotes } from "../../src/domain/notes.ts";
import { notesServer } from "../../src/server.ts";
import { adversarial } from "./adversarial.ts";
import { golden } from "./golden.ts";

export default defineEval({
  name: "notes",
  scopes: ["notes:read", "notes:write"],
  async server() {
    const exchange = await mkdtemp(join(tmpdir(), "offshoot-notes-"));
    await mkdir(join(exchange, "vault"));
    await writeFile(join(exchange, "vault", "Garden.md"), "Water the [[Roses]] at six.");
    await writeFile(join(exchange, "vault", "Roses.md"), "Red ones.");
    const notes = await openNotes({ store: "memory", exchange });
    const close = async () => {
      await notes.close();
      await rm(exchange, { recursive: true });
    };
    // The notes of the caller that nobody authenticated, and the files outside.
    const state = async () => [await notes.list({ limit: 100 }), await readdir(exchange)];
    return { server: notesServer(notes), close, state };
  },
  scenarios: [...golden, ...adversarial],
});
