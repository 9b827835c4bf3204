import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { openAudit } from "../../src/control/audit.ts";
import { followControlFile } from "../../src/control/control-file.ts";
import { verifyAudit } from "../../src/control/verify.ts";
import { defineTool } from "../../src/index.ts";
import { connect, WIRES } from "../../src/testing/index.ts";
import { openWorld } from "./world.ts";

const tried = defineTool({
  name: "tried",
  title: "Tried",
  description: "Is tried.",
  inputSchema: z.object({}),
  outputSchema: z.object({ by: z.string().describe("Which handler answered") }),
  annotations: { readOnlyHint: true },
  handler: () => ({ by: "handler" }),
  candidate: { handler: () => ({ by: "candidate" }) },
});

test("an operator promotes and aborts by the control file, each order once in the audit, and a wrong name changes nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rollout-"));
  const [file, trail] = [join(folder, "control.json"), join(folder, "audit.jsonl")];
  const { app, send, log } = openWorld(tried);
  const audit = openAudit(trail, { log: app.log });
  app.control.keep(audit.record);
  const by = async () => (await send()).structuredContent.by;
  const order = (content: object): void => {
    writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
    process.emit("SIGHUP");
  };
  writeFileSync(file, "{}", { mode: 0o600 });
  const stop = followControlFile(file, app);
  order({ rollouts: { tried: "promote" } });
  expect(await by()).toBe("candidate");
  order({ rollouts: { tried: "promote" } });
  order({ rollouts: { nobody: "abort" } });
  order({ rollouts: { tried: "perhaps" } });
  expect(await by()).toBe("candidate");
  expect(log.filter(({ msg }) => /control file refused/.test(msg as string)).map(({ reason }) => reason)).toEqual([
    'no candidate of a tool "nobody" is tried. There are candidates of: tried.',
    expect.stringContaining("rollouts.tried"),
  ]);
  order({ rollouts: { tried: "abort" } });
  expect(await by()).toBe("handler");
  stop();
  audit.close();
  app.close();
  expect(verifyAudit(trail).ok).toBe(true);
  const records = readFileSync(trail, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records.map(({ what, name, before, after }) => [what, name, before.order, after.order])).toEqual([
    ["rollout", "tried", "auto", "promote"],
    ["rollout", "tried", "promote", "abort"],
  ]);
  rmSync(folder, { recursive: true });
});

test("a tool by the name of an object's own machinery is turned only where the file names it", () => {
  const folder = mkdtempSync(join(tmpdir(), "rollout-"));
  const file = join(folder, "control.json");
  const { app, snapshot } = openWorld({ ...tried, name: "constructor" });
  const orderIn = (content: object) => {
    writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
    followControlFile(file, app)();
    return snapshot()?.order;
  };
  expect([{}, { rollouts: { constructor: "abort" } }].map(orderIn)).toEqual(["auto", "abort"]);
  app.close();
  rmSync(folder, { recursive: true });
});

test.each(WIRES)("a server whose tool has a candidate is served as ever over %s", async (wire) => {
  const client = await connect({ ...openWorld(tried).app.definition }, { wire, logLevel: "silent" });
  expect((await client.call("tried")).data.by).toMatch(/^(handler|candidate)$/);
  await client.close();
});
