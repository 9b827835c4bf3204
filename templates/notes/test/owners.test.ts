import { connect, type TestClient } from "@offshoot/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { openNotes } from "../src/domain/notes.ts";
import type { OwnedNotes } from "../src/domain/owners.ts";
import { notesServer, type ServerOptions } from "../src/server.ts";
import { temporaryFolder } from "./fixtures/folder.ts";

const scopes = ["notes:read", "notes:write"];

describe.each(["http-2025", "http-2026"] as const)("two callers over %s", (wire) => {
  async function callers(options: ServerOptions = {}) {
    const exchange = await temporaryFolder();
    const notes = await openNotes({ store: "memory", exchange });
    onTestFinished(() => notes.close());
    const client = (id: string, heard: string[] = []) => clientOf(notes, id, heard, options);
    const heard: string[] = [];
    return { notes, alice: await client("alice"), bob: await client("bob", heard), heard };
  }

  async function clientOf(notes: OwnedNotes, id: string, heard: string[], options: ServerOptions): Promise<TestClient> {
    const client = await connect(notesServer(notes, options), {
      wire,
      http: { authenticate: () => ({ id, scopes }) },
      onNotification: (method, { uri }) => heard.push(`${method} ${uri ?? ""}`),
    });
    onTestFinished(() => client.close());
    return client;
  }

  /** What a caller is told of a call. Ids of the call itself differ, and the note's. */
  const told = async (client: TestClient, name: string, input: Record<string, unknown>) => {
    const { isError, text } = await client.call(name, input);
    return [isError, text.replaceAll(String(input.id), "<id>")];
  };

  test("each sees its own notes alone, by every tool, resource and prompt", async () => {
    const { alice, bob } = await callers();
    await alice.call("create_note", { title: "Secret plan", body: "[[Other]] #hidden", tags: ["home"], folder: "f" });
    await alice.call("edit_note", { id: "n1", operation: "append", text: "more" });
    await bob.call("create_note", { title: "Mine", body: "" });
    for (const [name, input] of [
      ["list_notes", {}],
      ["list_notes", { tag: "home" }],
      ["search_notes", { query: "secret" }],
      ["recent_activity", {}],
      ["list_tags", {}],
      ["list_folders", {}],
      ["list_links", { show: "broken" }],
      ["list_links", { show: "orphans" }],
      ["get_note", { id: "n1" }],
      ["list_revisions", { id: "n1" }],
    ] as const) {
      const { text } = await bob.call(name, input);
      expect(text, name).not.toMatch(/secret|plan|hidden|home|more/i);
    }
    expect((await bob.call("get_note", { id: "n1" })).data).toMatchObject({ title: "Mine" });
    for (const uri of ["note://n1", "notes://tags", "notes://recent"])
      expect(JSON.stringify(await bob.read(uri)), uri).not.toMatch(/secret|hidden|home/i);
    expect(JSON.stringify(await bob.resources())).not.toMatch(/secret/i);
    expect(JSON.stringify(await bob.prompt("summarize_notes", {}))).not.toMatch(/secret/i);
    const completed = await bob.complete(
      { type: "ref/prompt", name: "continue_note" },
      { name: "id", value: "secret" },
    );
    expect(completed).toEqual([]);
  });

  test("another's id is answered as one that was never given", async () => {
    const { alice, bob } = await callers();
    for (const title of ["A", "B"]) await alice.call("create_note", { title, body: "" });
    for (const [name, input] of [
      ["get_note", {}],
      ["update_note", { title: "x" }],
      ["edit_note", { operation: "append", text: "x" }],
      ["delete_note", {}],
      ["restore_note", {}],
      ["list_revisions", {}],
      ["diff_revisions", { from: 1, to: 2 }],
      ["restore_revision", { version: 1 }],
      ["list_links", { show: "backlinks" }],
    ] as const) {
      expect(await told(bob, name, { ...input, id: "n2" }), name).toEqual(
        await told(bob, name, { ...input, id: "n77" }),
      );
    }
    await expect(bob.read("note://n2")).rejects.toThrow();
    expect((await alice.call("get_note", { id: "n2" })).data).toMatchObject({ title: "B", version: 1 });
  });

  test("a key, a cursor and a change of one mean nothing to the other", async () => {
    const { alice, bob, heard } = await callers();
    const draft = { title: "A", body: "", idempotency_key: "k" };
    await alice.call("create_note", draft);
    await alice.call("create_note", { title: "B", body: "" });
    const cursor = (await alice.call("list_notes", { limit: 1 })).data?.next_cursor;
    // The key is free, and the input is not compared with another's.
    expect((await bob.call("create_note", { ...draft, title: "Z" })).data).toMatchObject({ id: "n1", title: "Z" });
    const [stolen, forged] = [
      await bob.call("list_notes", { limit: 1, cursor }),
      await bob.call("list_notes", { limit: 1, cursor: "x" }),
    ];
    expect([stolen.isError, stolen.text]).toEqual([true, forged.text]);
    await bob.subscribe(["note://n1", "notes://recent"]);
    heard.length = 0;
    await alice.call("update_note", { id: "n1", title: "changed" });
    await alice.call("create_note", { title: "C", body: "" });
    await bob.call("edit_note", { id: "n1", operation: "append", text: "x" });
    await expect.poll(() => heard.filter((line) => line.includes("notes://recent"))).toHaveLength(1);
    expect(heard.filter((line) => line.includes("list_changed"))).toEqual([]);
    expect(heard.filter((line) => line.includes("note://n1"))).toHaveLength(1);
  });

  test("with a shared store every caller sees every note and hears of it", async () => {
    const { alice, bob, heard } = await callers({ shared: true });
    await bob.subscribe(["notes://recent"]);
    expect((await alice.call("create_note", { title: "A", body: "" })).data).toMatchObject({ id: "n1" });
    expect((await bob.call("get_note", { id: "n1" })).data).toMatchObject({ title: "A" });
    expect((await bob.call("create_note", { title: "B", body: "" })).data).toMatchObject({ id: "n2" });
    await expect.poll(() => heard.some((line) => line.includes("notes://recent"))).toBe(true);
  });
});
