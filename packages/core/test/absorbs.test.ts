// One test for every row of the table "What core absorbs, so that no template has to"; rows that only a process, raw
// bytes or raw HTTP can show are in process.test.ts, stdio.test.ts and http.test.ts, named the same way.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineServer, defineTool } from "../src/index.ts";
import { connect, type TestClient, WIRES } from "../src/testing/index.ts";
import { createLab } from "./fixtures/lab.ts";

describe.each(WIRES)("%s", (wire) => {
  const using = async (
    options: Partial<Parameters<typeof connect>[1]>,
    use: (client: TestClient, lab: ReturnType<typeof createLab>, log: string[]) => Promise<void>,
  ) => {
    const lab = createLab();
    const log: string[] = [];
    const client = await connect(lab.server, { wire, log, ...options });
    try {
      await use(client, lab, log);
    } finally {
      await client.close();
    }
  };

  test("a thrown error is masked with a correlation id and logged in full, scrubbed", () =>
    using({}, async (client, _lab, log) => {
      const result = await client.call("throws_secret");
      expect(result.isError).toBe(true);
      expect(JSON.stringify(result)).not.toMatch(/hunter2|password|\/home/);
      const id = /correlation id (\S+);/.exec(result.text)?.[1] as string;
      const line = log.find((entry) => entry.includes(id)) as string;
      expect(JSON.parse(line)).toMatchObject({
        level: "error",
        name: "throws_secret",
        outcome: "internal_error",
        correlationId: id,
      });
      expect(line).toContain("at /home/u/x");
      expect(line).not.toContain("hunter2");
    }));

  test.each(["throws_string", "rejects_undefined"])("%s is masked too", (name) =>
    using({}, async (client, _lab, log) => {
      const result = await client.call(name);
      expect(result.isError).toBe(true);
      expect(result.text).toMatch(/failed for a reason inside the server/);
      expect(JSON.stringify(result) + log.join("")).not.toContain("SG.abc123");
      expect(log.filter((line) => line.includes("internal_error"))).toHaveLength(1);
    }),
  );

  test("a ToolError reaches the model as written, with its facts for programs", () =>
    using({}, async (client) => {
      expect(await client.call("refuses")).toMatchObject({
        isError: true,
        text: "Call echo instead.",
        meta: { "offshoot/error": { code: "conflict", currentVersion: 3, retryAfterMs: 10 } },
      });
    }));

  test("an error that the server expects is shown in the server's words", () =>
    using({}, async (client) => {
      expect(await client.call("throws_range")).toMatchObject({ isError: true, text: "Out of range: 12. Use 1 to 9." });
    }));

  test("a masked error of a resource is a JSON-RPC error without its message", () =>
    using({}, async (client) => {
      const error = await client.read("item://secret").catch((thrown: unknown) => thrown as Error & { code: number });
      expect(error).toMatchObject({ code: -32_603 });
      expect((error as Error).message).toMatch(/correlation id/);
      expect((error as Error).message).not.toContain("hunter2");
    }));

  test("an unknown tool is -32602", () =>
    using({}, async (client) => {
      await expect(client.call("no_such_tool")).rejects.toMatchObject({ code: -32_602 });
    }));

  test("extra output keys are dropped before they reach the client", () =>
    using({}, async (client) => {
      expect((await client.call("extra_keys")).data).toEqual({ text: "kept" });
    }));

  test("an output that its schema refuses is masked", () =>
    using({}, async (client) => {
      expect(await client.call("wrong_output")).toMatchObject({
        isError: true,
        text: expect.stringMatching(/inside the server/),
      });
    }));

  test.each(["bigint", "cycle"])(
    "a result that is not serialisable (%s) is a typed error and serving goes on",
    (name) =>
      using({}, async (client) => {
        expect(await client.call(name)).toMatchObject({
          isError: true,
          text: expect.stringMatching(/inside the server/),
        });
        expect((await client.call("echo", { text: "alive" })).data).toEqual({ text: "alive" });
      }),
  );

  test("a schema with async parts is parsed all the same", () =>
    using({}, async (client) => {
      expect((await client.call("async_schema")).data).toEqual({ text: "late" });
    }));

  test("a result over 4 MiB is refused with a way out", () =>
    using({}, async (client) => {
      expect(await client.call("big", { bytes: 5_000_000 })).toMatchObject({
        isError: true,
        text: expect.stringMatching(/more than the 4194304 bytes that fit.*smaller/),
      });
    }));

  test("a wrong input is reported to the model, field by field, and the tool does not run", () =>
    using({}, async (client, lab) => {
      expect(await client.call("echo", { text: 42 })).toMatchObject({
        isError: true,
        text: expect.stringMatching(/^Invalid input for echo[\s\S]*\ntext: /),
      });
      expect(lab.events).toEqual([]);
    }));

  test("v1 registerTool names draft-07: schemas here name no dialect, and a list is built once", () =>
    using({}, async (client) => {
      const [first, again] = [await client.tools(), await client.tools()];
      expect(first).toEqual(again);
      expect(JSON.stringify(first)).not.toContain("$schema");
    }));

  test.each(["__proto__", "constructor", "toString"])("the tool name %s finds nothing", (name) =>
    using({}, async (client) => {
      await expect(client.call(name)).rejects.toMatchObject({ code: -32_602 });
    }),
  );

  test("a lone surrogate is refused", () =>
    using({}, async (client) => {
      const error = await client.call("echo", { text: "\ud800" }).catch((thrown: unknown) => thrown as Error);
      expect(String((error as Error).message)).toMatch(/lone surrogate/);
    }));

  test("no pagination in McpServer: lists page, and a forged cursor is -32602", () =>
    using({}, async (client) => {
      expect((await client.resources()).map(({ uri }) => uri)).toEqual(["lab://bytes", "item://1", "item://2"]);
      for (const method of ["tools/list", "resources/list", "resources/templates/list", "prompts/list"]) {
        for (const cursor of [
          "forged",
          "",
          Buffer.from('["tools",7]').toString("base64url"),
          Buffer.from('["tools",-1]').toString("base64url"),
        ]) {
          await expect(client.request(method, { cursor })).rejects.toThrow(/[Ii]nvalid cursor|32602/);
        }
      }
    }));

  test("a long list comes in pages of 100, without loss", async () => {
    const tools = Array.from({ length: 250 }, (_item, index) =>
      defineTool({
        name: `tool_${index}`,
        title: "T",
        description: "D.",
        inputSchema: z.object({}),
        outputSchema: z.object({}),
        handler: () => ({}),
      }),
    );
    const client = await connect(defineServer({ name: "many", version: "1.0.0", tools }), { wire });
    expect((await client.request("tools/list")).tools).toHaveLength(100);
    expect(new Set((await client.tools()).map(({ name }) => name)).size).toBe(250);
    await client.close();
  });

  test("a cancel stops the handler, and its place is free again", () =>
    using({ limits: { maxRunning: 1 } }, async (client, lab) => {
      const controller = new AbortController();
      const call = client.call("slow", { ms: 10_000 }, { signal: controller.signal });
      while (!lab.events.includes("slow began")) await sleep(5);
      controller.abort("enough");
      await expect(call).rejects.toThrow();
      expect((await client.call("echo", { text: "next" })).data).toEqual({ text: "next" });
      expect(lab.events).toContain("slow aborted: AbortError");
      expect(lab.events).not.toContain("slow done");
    }));

  test("the deadline ends a call, and the model reads what to do", () =>
    using({ limits: { timeoutMs: 50 } }, async (client, lab) => {
      expect(await client.call("slow", { ms: 10_000 })).toMatchObject({
        isError: true,
        text: expect.stringMatching(/did not finish within 50 ms/),
      });
      expect(lab.events).toContain("slow aborted: TimeoutError");
    }));

  test("more calls than may run wait their turn, and more than may wait are refused 4290 with retryAfterMs", () =>
    using({ limits: { maxRunning: 2, maxWaiting: 3, waitMs: 10_000 } }, async (client, lab) => {
      const refused: { code: number; data: { retryAfterMs: number } }[] = [];
      const calls = Array.from({ length: 10 }, () =>
        client.call("hold").catch((error: (typeof refused)[number]) => void refused.push(error)),
      );
      while (refused.length < 5) await sleep(5);
      for (const { code, data } of refused)
        expect({ code, data }).toMatchObject({ code: 4290, data: { retryAfterMs: expect.any(Number) } });
      lab.release();
      expect((await Promise.all(calls)).filter((result) => result !== undefined)).toHaveLength(5);
    }));

  test("one server instance for each connection: answers and notifications reach only who asked", async () => {
    const lab = createLab();
    const seen: Record<string, string[]> = { a: [], b: [] };
    const open = (name: "a" | "b") =>
      connect(lab.server, { wire, onNotification: (method) => seen[name]?.push(method) });
    const [a, b] = [await open("a"), await open("b")];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_item, index) => (index % 2 === 0 ? a : b).call("echo", { text: `${index}` })),
    );
    expect(answers.map(({ data }) => data.text)).toEqual(Array.from({ length: 40 }, (_item, index) => `${index}`));
    await Promise.all([a.close(), b.close()]);
  });

  test("elicitation the obvious way, and legacy HTTP stateless: the user is asked once, also after a decline, on every wire", async () => {
    for (const [answer, text] of [
      [{ action: "decline" }, "decline"],
      [{ action: "cancel" }, "cancel"],
      [{ action: "accept", content: { sure: true } }, "removed: true"],
    ] as const) {
      let asked = 0;
      const onElicit = () => {
        asked += 1;
        return answer;
      };
      await using({ onElicit }, async (client, lab) => {
        expect((await client.call("remove", { id: "n1" })).data).toEqual({ text });
        expect(asked).toBe(1);
        // From the top in both eras, so that a side effect above the question shows in the tests of either.
        expect(lab.events.filter((event) => event === "remove ran")).toHaveLength(2);
      });
    }
  });

  test("a client that cannot ask its user is never asked", () =>
    using({}, async (client) => {
      expect((await client.call("remove", { id: "n1" })).data).toEqual({ text: "unavailable" });
    }));

  test("an answer that does not fit the question is an error the model can act on", () =>
    using({ onElicit: () => ({ action: "accept", content: { sure: "perhaps" } }) }, async (client, lab) => {
      const result = await client
        .call("remove", { id: "n1" })
        .catch((error: Error) => ({ isError: true, text: error.message }));
      expect(result.isError).toBe(true);
      expect(lab.events).not.toContain("removed n1");
    }));

  test("progress and messages may be sent just before the result without harm", () =>
    using({}, async (client) => {
      expect((await client.call("progresses", {}, { onProgress: () => {} })).isError).toBe(false);
    }));

  test("a tool outside the profile is neither listed nor callable", () =>
    using({ profile: "read-only" }, async (client, lab) => {
      expect((await client.tools()).map(({ name }) => name)).toEqual(["echo"]);
      await expect(client.call("remove", { id: "n1" })).rejects.toMatchObject({ code: -32_602 });
      expect(lab.events).toEqual([]);
    }));

  test("changes reach those who subscribed, in the words of their era", async () => {
    const seen: string[] = [];
    await using(
      { onNotification: (method, params) => seen.push(`${method} ${params.uri ?? ""}`.trim()) },
      async (client, lab) => {
        await client.subscribe(["item://1"]);
        lab.emit().resourceUpdated("item://1");
        lab.emit().resourceUpdated("item://2");
        lab.emit().resourcesChanged();
        while (seen.length < 2) await sleep(5);
        await sleep(30);
        expect(seen.sort()).toEqual([
          "notifications/resources/list_changed",
          "notifications/resources/updated item://1",
        ]);
      },
    );
  });

  test("a resource that is not there is -32602 and names its URI", () =>
    using({}, async (client) => {
      for (const uri of ["item://9", "other://1", "item://%zz"])
        await expect(client.read(uri)).rejects.toMatchObject({ code: -32_602, data: { uri } });
    }));

  test("bytes come as a blob with their MIME type", () =>
    using({}, async (client) => {
      expect(await client.read("lab://bytes")).toEqual([
        { uri: "lab://bytes", mimeType: "application/octet-stream", blob: "AP8=" },
      ]);
    }));
});
