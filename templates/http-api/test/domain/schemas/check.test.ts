import type { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import { checker } from "../../../src/domain/schemas/check.ts";
import { createValidator } from "../../../src/domain/schemas/validator.ts";

/** The threads that were started, in their order. */
const workers = vi.hoisted(() => [] as Worker[]);
vi.mock("node:worker_threads", async (original) => {
  const real = await original<typeof import("node:worker_threads")>();
  class Seen extends real.Worker {
    constructor(...given: ConstructorParameters<typeof real.Worker>) {
      super(...given);
      workers.push(this);
    }
  }
  return { ...real, Worker: Seen };
});

const text = () => checker({ type: "string" });
/** Twice the work for each level of a value that fits nowhere. */
const doubling = () => {
  const inside = { type: "object", properties: { n: { $ref: "#/$defs/N" } }, required: ["n"] };
  return checker({ anyOf: [{ type: "string" }, { $ref: "#/$defs/N" }], $defs: { N: { anyOf: [inside, inside] } } });
};
const nested = (levels: number): unknown => JSON.parse(`${'{"n":'.repeat(levels)}{}${"}".repeat(levels)}`);

const fits = { issues: [] };
const differs = { issues: [{ path: [], message: "must be string" }] };
const cutOff = { issues: [], unchecked: expect.any(String) };

describe("the thread that validates", { timeout: 120_000 }, () => {
  test("a value that takes for ever takes none with it, and the like of it are soon not tried", async () => {
    const [one, slow] = [text(), doubling()];
    expect(await Promise.all([one("a"), slow("a")])).toEqual([fits, fits]);
    const before = workers.length;
    const forever = Array.from({ length: 6 }, () => slow(nested(60)));
    const values = [one("a"), one(1), ...forever, one("b"), slow("b"), one(2)];
    const verdicts = await Promise.all(values);
    expect(verdicts).toEqual([fits, differs, ...forever.map(() => cutOff), fits, fits, differs]);
    // One for what they were sent in, and one each for three of the six.
    expect(workers.length - before).toBeLessThanOrEqual(5);
    // Of the same schema, what is short goes on being validated: else one caller keeps all others from a tool.
    expect(await slow("c")).toEqual(fits);
    expect((await slow({ n: 1 })).issues.length).toBeGreaterThan(0);
    expect(await slow(nested(60))).toEqual(cutOff);
  });

  test("one that died while it had nothing to do is started again for the next value", async () => {
    const check = text();
    expect(await check("a")).toEqual(fits);
    await workers.at(-1)?.terminate();
    expect(await Promise.all([check("a"), check(1)])).toEqual([fits, differs]);
  });

  test("one that dies over a value is no fault of the value", async () => {
    const check = text();
    for (let time = 0; time < 5; time++) {
      const verdict = check(1);
      await workers.at(-1)?.terminate();
      expect(await verdict).toEqual(differs);
    }
  });

  test("a schema that was given and could not be compiled is not taken for one that accepts everything", () => {
    const later = { key: "a", schema: undefined, names: {}, definitions: [] };
    expect(() => createValidator().compile(later)).toThrow();
  });
});
