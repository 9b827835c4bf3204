// Every requirement must be able to fail: for each there is a server broken in just that way.
import { describe, expect, test } from "vitest";
import { requirementsOn } from "../../src/testing/check.ts";
import { checkServer, connect, noChromium, requirements, WIRES } from "../../src/testing/index.ts";
import { tool } from "./sabotage/sabotage.ts";
import { sabotages } from "./sabotages.ts";
import { createShelf, shelfSamples, shelfServer } from "./shelf.ts";

/** The shelf with a tool whose version has a name, and what it has answered. */
const versioned = tool("get_book", () => ({ version: "1" }));
const recorded = new URL("./shelf.versions.lock.json", import.meta.url);

/** Of the requirements that a broken server must still meet, the ordinary run asks one in so many of each server. */
const EVERY = process.env.OFFSHOOT_LONG === "1" ? 1 : 10;
const broken = sabotages.map((sabotage, index) => ({ ...sabotage, index }));

test("every requirement has a server that breaks it", () => {
  const broken = new Set(sabotages.map(({ id }) => id));
  expect(requirements.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([]);
});

test("ids are unique, in kebab-case, and each says why in a sentence", () => {
  const ids = requirements.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, because } of requirements) {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(because, id).toMatch(/^[A-Z].{30,}[.]$/);
  }
});

test.each(WIRES)(
  "a sound server passes every requirement over %s, and none is skipped",
  { timeout: 30_000 },
  async (wire) => {
    const results = await checkServer({
      wire,
      server: () => versioned(shelfServer()),
      samples: shelfSamples,
      recorded,
    });
    const allowed = (await noChromium()) === undefined ? [] : ["view-renders"];
    expect(results.filter(({ id, status }) => status !== "passed" && !allowed.includes(id))).toEqual([]);
  },
);

describe("a broken server fails exactly one requirement:", () => {
  test.for(broken)(
    "$id, where $how",
    {
      timeout: 60_000,
    },
    async ({ id, index, wire = "stdio-2025", server, client }, { skip }) => {
      const why = id === "view-renders" ? await noChromium() : undefined;
      skip(why !== undefined, why);
      // A page in a browser for each of them would take minutes.
      const left = requirementsOn(wire).filter(
        (one, at) => one.id !== id && ((at + index) % EVERY !== 0 || one.id === "view-renders"),
      );
      const results = await checkServer({
        wire,
        samples: shelfSamples,
        recorded,
        skip: Object.fromEntries(left.map((one) => [one.id, "another server's turn"])),
        server: () => {
          const shelf = createShelf();
          const sound = versioned(shelfServer(shelf));
          return server?.(sound, shelf) ?? sound;
        },
        open: async (definition, options) => {
          const real = await connect(definition, options);
          return { ...real, ...client?.(real) };
        },
      });
      const failed = results.filter((result) => result.status === "failed");
      expect(
        failed.map((result) => result.id),
        failed.map(({ message }) => message).join("\n"),
      ).toEqual([id]);
    },
  );
});
