import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CallLine } from "../src/call/record.ts";
import { createLog } from "../src/telemetry/log.ts";
import { createScrub } from "../src/telemetry/scrub.ts";
import { stderrSink } from "../src/telemetry/stderr.ts";

const write = (fields: Record<string, unknown>, message = "said", env: Record<string, string> = {}): string => {
  const lines: string[] = [];
  createLog("info", { write: (line) => lines.push(line) }, createScrub(env)).info(fields, message);
  expect(lines).toHaveLength(1);
  return lines[0] as string;
};

describe("secrets are taken out by what they look like", () => {
  test.each([
    ["password=hunter2", "hunter2"],
    ['{"password": "hunter2"}', "hunter2"],
    ["api_key: abc123def", "abc123def"],
    ["client-secret=s3cr3t", "s3cr3t"],
    ["Authorization: Bearer abcdefghijk", "abcdefghijk"],
    ["sent bearer abcdefghijk.lmn", "abcdefghijk"],
    ["postgres://app:hunter2@db/notes", "hunter2"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJzdWIiOiIxIn0"],
    ["sk-proj-abcdef123456", "abcdef123456"],
    ["ghp_abcdefghijklmnop", "abcdefghijklmnop"],
    ["secret=SG.abc123 at /home/u/x", "SG.abc123"],
    ["AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"],
    ["-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "MIIabc"],
    ["cookie: session=abc123; other=def456", "abc123"],
  ])("%s", (text, secret) => {
    for (const line of [
      write({ text }),
      write({ deep: { inside: [text] } }),
      write({}, text),
      write({ err: new Error(text) }),
    ]) {
      expect(line).not.toContain(secret);
      expect(() => JSON.parse(line)).not.toThrow();
    }
  });

  test("and by what they are: the values of variables whose name says secret", () => {
    expect(write({ text: "it was correct horse, you see" }, "x", { NOTES_PASSWORD: "correct horse" })).toContain(
      "it was [secret], you see",
    );
  });

  test("ordinary text is left alone", () => {
    const text = "The tokenizer split 12 keys; see notes://recent and https://example.com/a?b=c.";
    expect(JSON.parse(write({ text })).text).toBe(text);
  });

  test("whatever is around it, a named secret never survives and the line stays JSON", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.stringMatching(/^[A-Za-z0-9]{8,20}$/),
        fc.constantFrom("password=", "token: ", '"secret":"', "api_key="),
        (around, secret, name) => {
          const line = write({ text: `${around.replaceAll(secret, "")} ${name}XX${secret}` });
          expect(() => JSON.parse(line)).not.toThrow();
          expect(line).not.toContain(`XX${secret}`);
        },
      ),
    );
  });
});

describe("one line for each entry", () => {
  test.each([
    ["a forged line", 'x\n{"level":60,"msg":"forged"}'],
    ["an escape sequence", "\u001b[2J"],
    ["a line separator", "a\u2028b\u2029c\u0085d"],
  ])("%s stays inside its field", (_what, text) => {
    const line = write({ text });
    for (const control of ["\n", "\u001b", "\u2028", "\u2029", "\u0085"]) expect(line.trimEnd()).not.toContain(control);
    expect(JSON.parse(line).text).toBe(text);
  });

  test("a megabyte is cut to 8 kB and is still JSON", () => {
    for (const fields of [
      { text: "x".repeat(1_000_000) },
      { list: Array.from({ length: 50_000 }, () => "item") },
      { err: new Error("y".repeat(1_000_000)) },
    ]) {
      const line = write(fields);
      expect(line.length).toBeLessThanOrEqual(8_192);
      expect(JSON.parse(line)).toMatchObject({ level: "info", msg: "said" });
    }
  });
});

test("a stderr that nobody reads costs no memory: lines are dropped, and counted once it drains", async () => {
  const written: string[] = [];
  const stream = { writableLength: 0, write: (line: string) => written.push(line) };
  const sink = stderrSink(stream as never);
  sink.write("one\n");
  await expect.poll(() => written).toEqual(["one\n"]);
  stream.writableLength = 2_000_000;
  sink.write("lost\n");
  sink.write("lost\n");
  stream.writableLength = 0;
  sink.write("two\n");
  await expect.poll(() => written).toEqual(["one\n", expect.stringMatching(/"dropped":2}\ntwo\n$/)]);
});

test("lines that come together are one write, and many do not wait for company", async () => {
  const written: string[] = [];
  const sink = stderrSink({ writableLength: 0, write: (line: string) => written.push(line) } as never);
  sink.write("one\n");
  sink.write("two\n");
  expect(written).toEqual([]);
  await expect.poll(() => written).toEqual(["one\ntwo\n"]);
  sink.write("x".repeat(20_000));
  expect(written).toHaveLength(2);
});

const CALL: CallLine = {
  method: "tools/call",
  name: "echo",
  outcome: "ok",
  ms: 0.123,
  era: "2025",
  caller: "local",
  client: undefined,
  correlationId: "a-1",
  version: undefined,
  coerced: undefined,
  traceId: undefined,
};

test("the line of a call is what pino would have written, and in its turn", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  fc.assert(
    fc.property(
      fc.record({
        name: text,
        caller: text,
        client: fc.option(text, { nil: undefined }),
        coerced: fc.option(fc.nat(), { nil: undefined }),
      }),
      (given) => {
        const lines: string[] = [];
        const log = createLog("info", { write: (line) => lines.push(line) });
        log.info({}, "before");
        log.call({ ...CALL, ...given });
        log.info({ ...CALL, ...given }, "call");
        log.warn({}, "after");
        const [before, own, pinos, after] = lines.map((line) => JSON.parse(line));
        expect([before.msg, after.msg]).toEqual(["before", "after"]);
        expect({ ...own, time: 0 }).toEqual({ ...pinos, time: 0 });
        expect(Object.keys(own)).toEqual(Object.keys(pinos));
      },
    ),
  );
});

test("lines of one name that differ in one thing after the other are each their own", () => {
  const of = <Value>(...values: Value[]) => fc.constantFrom(...values);
  const line = fc.record({
    name: of("a", "b"),
    method: of("tools/call", "prompts/get"),
    outcome: of<"ok" | "refused">("ok", "refused"),
    era: of<"2025" | "2026">("2025", "2026"),
    caller: of("local", "ada"),
    client: of("one", "two", undefined),
    ms: of(0.5, 12),
    version: of("2", undefined),
    traceId: of("abc", undefined),
  });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (given) => {
      const lines: string[] = [];
      const log = createLog("info", { write: (line) => lines.push(line) });
      for (const one of given) {
        log.call({ ...CALL, ...one });
        log.info({ ...CALL, ...one }, "call");
      }
      const said = lines.map((line) => ({ ...JSON.parse(line), time: 0 }));
      for (let at = 0; at < said.length; at += 2) expect(said[at]).toEqual(said[at + 1]);
    }),
  );
});

test("what others say in the line of a call is looked at, also when such a line came before", async () => {
  for (const name of ["client", "password=hunter2", "a\u2028b", "x".repeat(9_000), "password=hunter2"]) {
    const lines: string[] = [];
    const log = createLog("info", { write: (line) => lines.push(line) });
    for (let time = 0; time < 2; time += 1) log.call({ ...CALL, client: name });
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).not.toMatch(/hunter2|\u2028/);
      expect(line.length).toBeLessThanOrEqual(8_192);
    }
  }
});
