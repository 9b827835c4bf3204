import { join } from "node:path";
import { connect } from "@offshoot/core/testing";
import { expect, test } from "vitest";
import { openNotes } from "../src/domain/notes.ts";
import { notesServer } from "../src/server.ts";
import { temporaryFolder } from "./fixtures/folder.ts";
import { writeVault } from "./fixtures/vault.ts";

// A ratio, and still of a machine that has nothing else to do.
test.runIf(process.env.OFFSHOOT_LONG === "1")(
  "while a vault is imported, other calls take no more than ten times as long",
  async () => {
    const folder = await temporaryFolder();
    await writeVault(join(folder, "vault"), 2_000);
    const notes = await openNotes({ store: "sqlite", data: join(folder, "data"), exchange: folder });
    const [client, importer] = await Promise.all(
      [1, 2].map(() => connect(notesServer(notes), { wire: "http-2026", logLevel: "silent" })),
    );
    if (!client || !importer) throw new Error("no client");
    await client.call("create_note", { title: "A", body: "text" });
    const measure = async (until: () => boolean) => {
      const took: number[] = [];
      while (!until()) {
        const begin = performance.now();
        await client.call("get_note", { id: "n1" });
        took.push(performance.now() - begin);
      }
      return took.sort((a, b) => a - b)[Math.floor(took.length * 0.95)] ?? 0;
    };
    let calls = 0;
    await measure(() => calls++ > 500);
    calls = 0;
    const idle = await measure(() => calls++ > 500);
    let done = false;
    const imported = importer.call("import_notes", { folder: "vault" }).finally(() => {
      done = true;
    });
    const beside = await measure(() => done);
    expect((await imported).data).toMatchObject({ refused_total: 0 });
    console.log(`p95 of get_note: ${idle.toFixed(1)} ms idle, ${beside.toFixed(1)} ms beside an import`);
    expect(beside / idle).toBeLessThan(10);
    await Promise.all([client.close(), importer.close()]);
    await notes.close();
  },
);
