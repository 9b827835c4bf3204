import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { definePrompt, defineResource, defineServer, defineTool, type ServerOptions } from "../../src/index.ts";
import { checkLock, diffContracts, readContract, writeLock } from "../../src/testing/index.ts";
import { shelfServer } from "./shelf.ts";

const folder = mkdtempSync(join(tmpdir(), "offshoot-lock-"));
const lock = join(folder, "contract.lock.json");
afterAll(() => rmSync(folder, { recursive: true }));

const text = (max: number) => z.string().max(max).describe("Text");
const add = (options: Partial<Parameters<typeof defineTool>[0]> = {}) =>
  defineTool({
    name: "add",
    title: "Add",
    description: "Adds.",
    inputSchema: z.object({ title: text(200) }),
    outputSchema: z.object({ id: text(9) }),
    handler: () => ({ id: "1" }),
    ...options,
  });
const get = defineTool({
  name: "get",
  title: "Get",
  description: "Gets.",
  inputSchema: z.object({ id: text(9) }),
  outputSchema: z.object({ id: text(9) }),
  handler: () => ({ id: "1" }),
});
const note = defineResource({
  name: "note",
  title: "Note",
  description: "A note.",
  uri: "note://{id}",
  mimeType: "text/markdown",
  read: () => "",
});
const ask = definePrompt({
  name: "ask",
  title: "Ask",
  description: "Asks.",
  arguments: z.object({ style: z.enum(["brief", "long"]).describe("Style") }),
  handler: () => "?",
});

const server = (options: Partial<ServerOptions> = {}) =>
  defineServer({
    name: "locked",
    version: "1.0.0",
    instructions: "Add, then get.",
    tools: [add(), get],
    resources: [note],
    prompts: [ask],
    ...options,
  });
const changes = (options: Partial<ServerOptions>) =>
  diffContracts(readContract(server()), readContract(server(options)));

test("the lock is sorted JSON with a final line end, and a server equals the lock it wrote", () => {
  writeLock(server(), lock);
  const written = readFileSync(lock, "utf8");
  expect(written.endsWith("}\n")).toBe(true);
  expect(Object.keys(JSON.parse(written))).toEqual([
    "capabilities",
    "instructions",
    "name",
    "prompts",
    "resources",
    "tools",
  ]);
  expect(() => checkLock(server(), lock)).not.toThrow();
  expect(() => checkLock(server(), pathToFileURL(lock))).not.toThrow();
});

describe("what is no change:", () => {
  test("another version", () => expect(changes({ version: "9.9.9" })).toEqual([]));
  test("another order of the tools", () => expect(changes({ tools: [get, add()] })).toEqual([]));
  test("another handler", () => expect(changes({ tools: [add({ handler: () => ({ id: "2" }) }), get] })).toEqual([]));
  test("another order of fields, of required ones and of an enum", () => {
    const one = z.object({ a: text(1), b: z.enum(["x", "y"]).describe("Which") });
    const two = z.object({ b: z.enum(["y", "x"]).describe("Which"), a: text(1) });
    const [first, second] = [one, two].map((inputSchema) => readContract(server({ tools: [add({ inputSchema })] })));
    expect(JSON.stringify(first)).toBe(JSON.stringify(second));
  });
});

describe("each change is named by its path:", () => {
  test.each<[string, Partial<ServerOptions>, string[]]>([
    [
      "a bound",
      { tools: [add({ inputSchema: z.object({ title: text(300) }) }), get] },
      ["tools.add.inputSchema.properties.title.maxLength: 200 → 300"],
    ],
    ["a tool that is gone", { tools: [get] }, ["tools.add: removed"]],
    [
      "a new required field",
      { tools: [add({ inputSchema: z.object({ title: text(200), body: text(5) }) }), get] },
      ["tools.add.inputSchema.properties.body: added", 'tools.add.inputSchema.required: ["title"] → ["body","title"]'],
    ],
    ["an annotation", { tools: [add({ annotations: { readOnlyHint: true } }), get] }, ["tools.add.annotations: added"]],
    ["the instructions", { instructions: "Get, then add." }, ['instructions: "Add, then get." → "Get, then add."']],
    [
      "a MIME type",
      { resources: [{ ...note, mimeType: "text/plain" }] },
      ['resources["note://{id}"].mimeType: "text/markdown" → "text/plain"'],
    ],
    [
      "all prompts, and with them capabilities",
      { prompts: [] },
      ["capabilities.completions: removed", "capabilities.prompts: removed", "prompts.ask: removed"],
    ],
    ["the name", { name: "unlocked" }, ['name: "locked" → "unlocked"']],
  ])("%s", (_name, options, expected) => {
    expect(changes(options)).toEqual(expected);
  });

  test("a long text by the part that differs", () => {
    const long = "All of this is the same. ".repeat(20);
    const [line = ""] = diffContracts(
      { text: `${long}Only the end was old.` },
      { text: `${long}Only the end is new.` },
    );
    expect(line).toMatch(/^text: "?…/);
    expect(line).toContain("was old");
    expect(line).toContain("is new");
    expect(line.length).toBeLessThan(220);
  });
});

describe("a check that fails says what to do next:", () => {
  test("a server that is not what the lock says", () => {
    writeLock(server(), lock);
    const changed = server({ tools: [add({ inputSchema: z.object({ title: text(300) }) }), get] });
    expect(() => checkLock(changed, lock)).toThrow(
      /is not what contract\.lock\.json says:\n {2}tools\.add\.inputSchema\.properties\.title\.maxLength: 200 → 300\n.*`npx vitest run -u`, and commit contract\.lock\.json/,
    );
  });

  test("a lock that is missing", () => {
    expect(() => checkLock(server(), join(folder, "none.json"))).toThrow(
      /There is no none\.json yet.*`npx vitest run -u`/,
    );
  });

  test("a lock with the marks of a merge in it", () => {
    writeFileSync(lock, "<<<<<<< ours\n{}\n");
    expect(() => checkLock(server(), lock)).toThrow(/is not JSON.*`npx vitest run -u`/);
  });
});

test("a schema's default and constants are data: their lists keep their order", () => {
  const schema = z.object({
    order: z.array(z.string().describe("Field")).default(["b", "a"]).describe("Order"),
    required: z.enum(["b", "a"]).describe("Which"),
  });
  expect(readContract(server({ tools: [add({ inputSchema: schema })] })).tools).toMatchObject({
    add: { inputSchema: { properties: { order: { default: ["b", "a"] }, required: { enum: ["a", "b"] } } } },
  });
});

test("a server without resources and prompts has a contract too", () => {
  const { tools } = shelfServer();
  const contract = readContract(defineServer({ name: "bare", version: "1.0.0", tools: [...tools.values()] }));
  expect(contract).toMatchObject({ name: "bare", resources: {}, prompts: {} });
  expect(contract).not.toHaveProperty("instructions");
});
