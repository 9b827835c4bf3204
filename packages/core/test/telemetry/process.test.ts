// Telemetry of a server in a process of its own: who loads what, and GET /metrics.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, expect, test } from "vitest";
import { openClient } from "../../src/testing/clients/open-client.ts";
import { initialize, startLab, toolCall } from "../fixtures/raw.ts";

const file = (path: string): string => new URL(path, import.meta.url).href;
const hello = [initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" }];
const preload = (...paths: string[]) => ({
  NODE_OPTIONS: paths.map((path) => `--import ${path.startsWith("file:") ? path : pathToFileURL(path)}`).join(" "),
});

test("an SDK that was preloaded gets spans, and nobody had to ask the server", async () => {
  await using lab = startLab([], preload(file("../docs/otel.ts")));
  lab.write(...hello, toolCall(1, "echo", { text: "" }));
  await lab.lines.id(1);
  await lab.until((text) => text.includes('"gen_ai.tool.name":"echo"'));
  lab.child.stdin?.end();
  expect(await lab.exited).toEqual([0, null]);
});

test("spans, the audit and correlation ids name one and the same instance", async () => {
  const audit = join(mkdtempSync(join(tmpdir(), "offshoot-instance-")), "audit.jsonl");
  await using lab = startLab(["--audit", audit], preload(file("../docs/otel.ts")));
  lab.write(...hello, toolCall(1, "echo", { text: "" }));
  await lab.lines.id(1);
  await lab.until((text) => text.includes('"service.instance.id"') && text.includes('"msg":"call"'));
  lab.child.stdin?.end();
  await lab.exited;
  const { instance } = JSON.parse(readFileSync(audit, "utf8").split("\n")[0] as string);
  expect(instance.startsWith(`${hostname()}-`)).toBe(true);
  expect(lab.stderr()).toContain(`"service.instance.id":"${instance}"`);
  expect(lab.stderr()).toContain(`"correlationId":"${instance.slice(hostname().length + 1)}-`);
  rmSync(dirname(audit), { recursive: true });
});

test("an SDK is preloaded and the server has no API beside it: it says so and serves", async () => {
  await using lab = startLab([], preload(file("../docs/otel.ts"), file("../fixtures/no-otel.js")));
  lab.write(...hello, toolCall(1, "echo", { text: "" }));
  expect(await lab.lines.id(1)).toMatchObject({ result: { structuredContent: { text: "" } } });
  await expect.poll(() => lab.stderr()).toContain('"msg":"no telemetry"');
  lab.child.stdin?.end();
  await lab.exited;
});

describe("GET /metrics", () => {
  const started = async (...args: string[]) => {
    const lab = startLab(["--transport", "http", "--port", "0", ...args]);
    await lab.until((text) => text.includes("listens on"));
    const base = /http:\/\/\S+(?=\/mcp)/.exec(lab.stderr())?.[0] as string;
    return Object.assign(lab, { base });
  };

  test("answers in Prometheus' format, behind the Host guard", async () => {
    await using lab = await started("--metrics");
    const client = await openClient("http-2026", new StreamableHTTPClientTransport(new URL(`${lab.base}/mcp`)), {});
    await client.call("echo", { text: "hi" });
    await client.call("made_up_name").catch(() => {});
    await client.close();
    const answer = await fetch(`${lab.base}/metrics`);
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(text).toMatch(/^mcp_server_operation_duration_count\{[^}]*gen_ai_tool_name="echo"[^}]*\} 1$/m);
    expect(text).toMatch(/^mcp_server_operation_duration_count\{[^}]*gen_ai_tool_name="_other"[^}]*\} 1$/m);
    expect(text).toMatch(
      new RegExp(
        `^target_info\\{[^}]*service_instance_id="${hostname().replaceAll(".", "\\.")}-[a-z0-9]+"[^}]*\\} 1$`,
        "m",
      ),
    );
    expect(text).toMatch(/^offshoot_calls_running\{[^}]*\} 0$/m);
    expect(text).toMatch(/^offshoot_slo_burn_rate\{[^}]*window="5m"[^}]*\} 0$/m);
    expect(text).toMatch(/^offshoot_protocol_errors_total\{[^}]*reason="invalid_params"[^}]*\} 1$/m);
    expect(text).not.toContain("made_up_name");
    expect((await fetch(`${lab.base}/metrics`, { method: "POST" })).status).toBe(415);
    expect((await fetch(`${lab.base}/metrics`, { method: "DELETE" })).status).toBe(405);
    expect((await fetch(`${lab.base}/metrics`, { headers: { origin: "https://evil.example" } })).status).toBe(403);
  });

  test("is no path at all unless it was asked for", async () => {
    await using lab = await started();
    expect((await fetch(`${lab.base}/metrics`)).status).toBe(404);
  });

  test("is refused at the start without the exporter, with what to install", async () => {
    await using lab = startLab(
      ["--transport", "http", "--port", "0", "--metrics"],
      preload(file("../fixtures/no-otel.js")),
    );
    expect(await lab.exited).toEqual([2, null]);
    expect(lab.stderr().trim()).toMatch(/^--metrics needs .*npm install @opentelemetry\/api/);
    expect(lab.stderr().trim().split("\n")).toHaveLength(1);
  });

  test("is refused at the start on stdio, where nobody could ask", async () => {
    await using lab = startLab(["--metrics"]);
    expect(await lab.exited).toEqual([2, null]);
    expect(lab.stderr()).toContain("--metrics is answered over HTTP");
  });
});
