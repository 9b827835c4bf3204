import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testServerContract } from "@offshoot/core/testing";
import { openNotes } from "../src/domain/notes.ts";
import { notesServer } from "../src/server.ts";

testServerContract({
  async server() {
    const exchange = await mkdtemp(join(tmpdir(), "offshoot-notes-"));
    const notes = await openNotes({ store: "memory", exchange });
    await mkdir(join(exchange, "vault"));
    await writeFile(join(exchange, "vault", "list.txt"), "milk");
    await notes.importFolder("vault");
    await notes.create({ title: "Shopping", body: "## Where\nat the corner\n", tags: ["home"] });
    const close = async () => {
      await notes.close();
      await rm(exchange, { recursive: true });
    };
    return { server: notesServer(notes), close };
  },
  // On n1 from above, and in the order of a session: each may use what the ones before it made.
  samples: {
    tools: {
      // offshoot:tool-samples
      create_note: {
        valid: [
          { title: "Milk", body: "See [[Shopping]]" },
          { title: "Bread", body: "", folder: "drafts" },
        ],
        failing: [{ title: " ", body: "" }],
      },
      create_notes: {
        valid: [
          {
            notes: [
              { title: "A", body: "" },
              { title: "", body: "refused alone" },
            ],
          },
        ],
      },
      get_note: { valid: [{ id: "n1" }, { id: "n1", offset: 4, limit: 3 }], failing: [{ id: "n999" }] },
      list_notes: { valid: [{}, { tag: "home", sort: "title_asc", limit: 1 }], failing: [{ cursor: "forged" }] },
      search_notes: { valid: [{ query: "milk" }, { query: '"(*' }], failing: [{ query: " " }] },
      update_note: {
        valid: [
          { id: "n1", title: "Oat milk" },
          { id: "n1", fields: [{ name: "status", value: "open" }] },
        ],
        failing: [{ id: "n1" }, { id: "n1", body: "x", if_version: 99 }],
      },
      edit_note: {
        valid: [
          { id: "n1", operation: "append", text: "- and bread" },
          { id: "n1", operation: "replace_section", heading: "Where", text: "anywhere" },
        ],
        failing: [{ id: "n1", operation: "find_replace", find: "absent", text: "" }],
      },
      list_revisions: { valid: [{ id: "n1" }], failing: [{ id: "n999" }] },
      diff_revisions: { valid: [{ id: "n1", from: 1, to: 2 }], failing: [{ id: "n1", from: 1, to: 99 }] },
      restore_revision: { valid: [{ id: "n1", version: 1 }], failing: [{ id: "n1", version: 99 }] },
      list_tags: { valid: [{}] },
      rename_tag: { valid: [{ from: "home", to: "house" }], failing: [{ from: "absent", to: "house" }] },
      list_folders: { valid: [{}] },
      move_folder: { valid: [{ from: "drafts", to: "texts" }], failing: [{ from: "missing", to: "x" }] },
      daily_note: { valid: [{ date: "2026-11-27", text: "done" }, {}] },
      list_links: {
        valid: [
          { show: "outgoing", id: "n1" },
          { show: "backlinks", id: "n2" },
          { show: "orphans" },
          { show: "broken" },
        ],
        failing: [{ show: "outgoing" }],
      },
      recent_activity: { valid: [{ limit: 2 }] },
      delete_note: { valid: [{ id: "n2" }], failing: [{ id: "n999" }] },
      delete_note_confirmed: { valid: [{ id: "n3" }], failing: [{ id: "n999" }] },
      restore_note: { valid: [{ id: "n2" }], failing: [{ id: "n1" }] },
      export_notes: { valid: [{ folder: "out" }], failing: [{ folder: "../out" }] },
      import_notes: { valid: [{ folder: "out" }], failing: [{ folder: "missing" }] },
    },
    resources: { missing: ["note://n999", "note://x"] },
    prompts: {
      // offshoot:prompt-samples
      summarize_notes: [{}, { style: "detailed" }],
      continue_note: [{ id: "n1" }],
      review_week: [{}],
    },
  },
  lock: new URL("../contract.lock.json", import.meta.url),
  recorded: new URL("../versions.lock.json", import.meta.url),
  policyLock: new URL("../policy.lock.json", import.meta.url),
});
