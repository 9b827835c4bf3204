// What real clients send on stdio, recorded from them in front of the lab: they list, call, are refused, ask for
// progress, answer a question and give a call up. The straight path and the SDKs make the same of it.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sayToBoth } from "./both.ts";

const recorded = JSON.parse(readFileSync(new URL("../fixtures/client-frames.json", import.meta.url), "utf8")) as Record<
  string,
  string[]
>;

describe("frames of", () => {
  test.each(Object.keys(recorded))("%s", async (client) => {
    const lines = recorded[client] as string[];
    const { own, expected } = await sayToBoth(lines.map((line) => [Buffer.from(`${line}\n`)]));
    expect(own.messages).toEqual(expected.messages);
    expect(own.log).toEqual(expected.log);
    // Most of what a client says carries load: were it the SDK's, this would compare nothing.
    expect(own.count.straight).toBeGreaterThan(own.count.sdk);
    expect(expected.count.straight).toBe(0);
  });
});
