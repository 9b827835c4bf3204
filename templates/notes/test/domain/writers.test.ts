import { describe, expect, test } from "vitest";
import { notesOn, stores } from "../fixtures/stores.ts";

describe.each(stores)("many writers of one note on $name", (store) => {
  test("forty-eight writers each keep all of their edits, and none is told to come back later", async () => {
    const notes = await notesOn(store);
    await notes.create({ title: "A", body: "" });
    const writers = Array.from({ length: 48 }, async (_, writer) => {
      for (let line = 0; line < 3; line++)
        await notes.edit({
          id: "n1",
          operation: "append",
          text: `${writer} ${line}`,
          idempotency_key: `${writer} ${line}`,
        });
    });
    await Promise.all(writers);
    const { body, version } = await notes.get("n1");
    const written = body.split("\n");
    expect([version, new Set(written).size, written.length]).toEqual([145, 144, 144]);
    // A writer's own lines stand in the order in which it wrote them.
    for (let writer = 0; writer < 48; writer++)
      expect(written.filter((line) => line.startsWith(`${writer} `))).toEqual(
        [0, 1, 2].map((line) => `${writer} ${line}`),
      );
  });
});
