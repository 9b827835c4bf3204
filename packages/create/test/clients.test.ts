// The client matrix itself takes minutes and a registry: `pnpm e2e --only clients`. Here is what holds without it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PICTURE, pictureIn } from "./e2e/clients/picture.ts";
import { clients } from "./e2e/clients/pinned.ts";
import { labelOf, readTable, wrongIn } from "./e2e/clients/table.ts";

const rows = clients.flatMap((client) =>
  (["stdio", "http"] as const)
    .filter((transport) => client[transport] !== undefined)
    .map((transport) => ({ client, transport, label: labelOf(client) })),
);

test("the page on clients has a row for each client and transport that is pinned, and no other", () => {
  const names = (list: { label: string; transport: string }[]) =>
    list.map(({ label, transport }) => `${label} over ${transport}`);
  expect(names(readTable())).toEqual(names(rows));
});

test("each cell of the page is ok, or a limit of that client which is written down", () => {
  const table = readTable();
  for (const [index, row] of rows.entries()) {
    const { cells = {} } = table[index] ?? {};
    expect(wrongIn({ ...row, cells }), row.label).toEqual([]);
  }
});

test("each client is pinned to one version and has a file that drives it", () => {
  for (const { adapter, packages, name } of clients) {
    expect(existsSync(join(import.meta.dirname, `e2e/clients/adapters/${adapter}.js`)), name).toBe(true);
    for (const version of Object.values(packages)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  }
});

test.each([
  ["a content block of the protocol", { content: [{ type: "image", data: PICTURE, mimeType: "image/png" }] }, "ok"],
  ["a data URL", [{ type: "image_url", image_url: { url: `data:image/png;base64,${PICTURE}` } }], "ok"],
  ["a file whose bytes stand deeper", { mediaType: "image/png", data: { type: "data", data: PICTURE } }, "ok"],
  ["a block without its picture", { content: [{ type: "text", text: "dot.png, 68 bytes" }] }, "lost"],
  ["a text", { content: [{ type: "text", text: JSON.stringify({ type: "image", data: PICTURE }) }] }, "only as text"],
  ["data alone", { structuredContent: { type: "image", data: PICTURE } }, "only as text"],
  [
    "a block, and data beside it",
    { content: [{ type: "image", data: PICTURE }], structuredContent: { data: PICTURE } },
    "also as text",
  ],
])("a picture in %s counts as it reaches a model", (_what, result, expected) => {
  expect(pictureIn(result)).toBe(expected);
});
