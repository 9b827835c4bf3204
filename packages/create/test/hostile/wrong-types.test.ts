import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runOffshoot } from "../../src/commands.ts";
import { compareContracts } from "../../src/contract/compare-contracts.ts";
import { LOCK } from "../../src/contract/lock-file.ts";
import { POLICY_LOCK } from "../../src/policy/policy-lock.ts";
import { recover, writeChanges } from "../../src/update/journal.ts";
import { temporaryFolder } from "../fixtures/run.ts";
import { archive } from "./archive.ts";
import { type Container, container, release } from "./container.ts";

const MARKER = "offshoot.json";
const RIGHT = '{"template":"notes","version":"0.1.0"}';

let world: Container;
const here = process.cwd();
beforeEach(() => {
  world = container();
  mkdirSync(join(world.project, "dist"));
  writeFileSync(join(world.project, "dist/main.js"), "");
  vi.stubEnv("XDG_STATE_HOME", join(world.root, "state"));
  process.chdir(world.project);
});
afterEach(() => {
  process.chdir(here);
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Runs a command in this process, and returns what came to its streams. */
async function offshoot(...words: string[]): Promise<{ code: unknown; said: string }> {
  let said = "";
  const hear = (text: unknown): boolean => {
    said += text;
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(hear);
  vi.spyOn(process.stderr, "write").mockImplementation(hear);
  const before = process.exitCode;
  await runOffshoot(words);
  const code = process.exitCode;
  process.exitCode = before;
  vi.restoreAllMocks();
  return { code, said };
}

const REFUSED = { code: 2, said: expect.stringMatching(/^(?:\w[^\n]* …\n)?offshoot: [^\n]+\nNext: \S[^\n]*\n$/) };

const commands: [string, string[]][] = [
  ["update", ["update", "--no-gates"]],
  ["update --check", ["update", "--check"]],
  ["update --mine", ["update", "--mine"]],
  ["check", ["check", "--offline"]],
  ["contract --write", ["contract", "--write"]],
  ["contract --against", ["contract", "--against", "HEAD"]],
  ["connect", ["connect", "claude-code"]],
  ["inspect", ["inspect"]],
  ["policy", ["policy"]],
  ["promote", ["promote", "a.json", "b.json"]],
  ["bundle", ["bundle"]],
  ["add", ["add", "tool", "count_words"]],
];

const deep = (open: string, close: string): string => `${open.repeat(100_000)}1${close.repeat(100_000)}`;

/** No object of JSON that all readers read alike. */
const texts: Record<string, string | Buffer> = {
  "nothing in it": "",
  null: "null",
  "a list": "[]",
  "a number": "7",
  "a text": '"notes"',
  "half of it": RIGHT.slice(0, -5),
  "a mark of a merge": `<<<<<<< ours\n${RIGHT}\n=======\n{}\n>>>>>>> theirs\n`,
  "a comment": `// mine\n${RIGHT}`,
  "lists in lists": `{"template":"notes","version":"0.1.0","x":${deep("[", "]")}}`,
  "objects in objects": `{"template":"notes","version":"0.1.0","x":${deep('{"x":', "}")}}`,
  "20 MB of spaces": `${RIGHT}${" ".repeat(20_000_000)}`,
  "a byte order mark": `\ufeff${RIGHT}`,
  "UTF-16": Buffer.from(`\ufeff${RIGHT}`, "utf16le"),
  "bytes that are not UTF-8": Buffer.concat([
    Buffer.from('{"template":"notes","version":"0.1.0","x":"'),
    Buffer.of(0xff, 0x22, 0x7d),
  ]),
  "a key twice": '{"template":"notes","version":"0.1.0","version":"0.2.0"}',
  "a key twice, once escaped": '{"template":"notes","version":"0.1.0","versi\\u006fn":"0.2.0"}',
  "a key twice within": '{"template":"notes","version":"0.1.0","x":{"y":1,"y":2}}',
};

describe("an offshoot.json", () => {
  const members = {
    template: [null, 7, [], {}, "", "Notes", "../x", ["notes"]],
    version: [null, 7, [], {}, "", "latest", "1", ["0.1.0"]],
    name: [null, 7, [], {}, "", "../x", "a b"],
    mine: [null, 7, "src/**", {}, [7], [null], [[]], [""]],
    domain: [null, 7, "src/**", {}, [7]],
    bin: [null, 7, [], {}, "", "../../outside/evil.js", "/etc/passwd"],
    args: [null, 7, "--x", {}, [7], [null], [{}]],
    needs: [
      null,
      7,
      "x",
      [],
      { a: null },
      { a: [] },
      { a: {} },
      { a: { type: "x", title: "a", description: "a", example: "a" } },
    ],
  };
  const wrong: [string, string | Buffer][] = [
    ...Object.entries(texts),
    ...Object.entries(members).flatMap(([key, values]) =>
      values.map((value): [string, string] => {
        const text = JSON.stringify({ ...JSON.parse(RIGHT), [key]: value });
        return [text, text];
      }),
    ),
  ];

  test("of another kind is refused, with a next step", async () => {
    for (const [name, content] of wrong) {
      writeFileSync(MARKER, content);
      expect({ name, ...(await offshoot("connect", "claude-code")) }).toEqual({ name, ...REFUSED });
      expect(readFileSync(MARKER).equals(Buffer.from(content)), name).toBe(true);
    }
  });

  // They read it by the same function: a few kinds are enough.
  test.each(commands)("of another kind is refused by `%s`", async (_name, words) => {
    for (const content of [texts.null, texts["a key twice"], '{"template":"notes","version":"0.1.0","mine":7}']) {
      writeFileSync(MARKER, content as string);
      expect(await offshoot(...words)).toEqual(REFUSED);
    }
  });

  test("may have Windows' line ends", async () => {
    writeFileSync(MARKER, RIGHT.replaceAll(",", ",\r\n"));
    expect(await offshoot("connect", "claude-code")).toMatchObject({ code: 0 });
  });
});

describe(`a ${LOCK}`, () => {
  const wrong: Record<string, string | Buffer> = {
    ...texts,
    ...Object.fromEntries(
      [
        { tools: null },
        { tools: [] },
        { tools: { x: null } },
        { tools: { x: [] } },
        { tools: { x: { inputSchema: null } } },
        { tools: { x: { inputSchema: [] } } },
        { tools: { x: { outputSchema: 7 } } },
        { tools: { x: { annotations: [] } } },
        { resources: "x" },
        { resources: { x: { completes: 7 } } },
        { resources: { x: { completes: [7] } } },
        { prompts: { x: { arguments: [] } } },
        { prompts: { x: { arguments: { y: 7 } } } },
        { prompts: { x: { completes: {} } } },
        { capabilities: 7 },
      ].map((data) => [JSON.stringify(data), JSON.stringify(data)]),
    ),
  };

  test.each([
    ["contract --check", ["contract", "--check"]],
    ["contract --diff", ["contract", "--diff"]],
    ["contract --against", ["contract", "--against", "HEAD"]],
    ["bundle", ["bundle"]],
  ])("of another kind is refused by `%s`, with a next step", async (_name, words) => {
    for (const [name, content] of Object.entries(wrong)) {
      writeFileSync(LOCK, content);
      const outcome = await offshoot(...words);
      expect({ name, ...outcome }).toEqual({ name, ...REFUSED });
      expect(outcome.said, name).toContain(LOCK);
    }
  });

  const few = [texts.null, texts["objects in objects"], texts["a key twice"], '{"tools":[]}'] as string[];

  test("of another kind is named by `check`, and does not stop it", async () => {
    for (const content of few) {
      writeFileSync(LOCK, content);
      const { code, said } = await offshoot("check", "--offline", "--json");
      const { findings } = JSON.parse(said);
      expect([code, findings.find(({ name }: { name: string }) => name === "contract")]).toEqual([
        1,
        expect.objectContaining({ status: "wrong", message: expect.stringContaining(LOCK), next: expect.any(String) }),
      ]);
    }
  });

  test("of another kind stays as it is in an update, without a stack", async () => {
    world.write("archives/base.tgz", archive([...release("0.1.0"), { path: `package/${LOCK}`, content: "{}" }]));
    world.write(
      "archives/next.tgz",
      archive([...release("0.2.0"), { path: `package/${LOCK}`, content: '{"tools":{"x":{"inputSchema":{}}}}' }]),
    );
    for (const content of few) {
      writeFileSync(LOCK, content);
      const { code, said } = await offshoot(
        ...[
          "update",
          "--dry-run",
          "--no-gates",
          "--base",
          "../../archives/base.tgz",
          "--from",
          "../../archives/next.tgz",
        ],
      );
      expect([0, 1, 2]).toContain(code);
      expect(said).not.toMatch(/^\s+at .*:\d+/m);
    }
  });

  test("whose schemas have keywords of any kind can be compared", () => {
    const some = (keys: string, value: fc.Arbitrary<unknown>) =>
      fc.record(Object.fromEntries(keys.split(" ").map((key) => [key, value])), { requiredKeys: [] });
    const json = fc.jsonValue({ maxDepth: 2 });
    const keywords = "type properties required items enum const anyOf allOf $ref $defs minimum pattern";
    const schema = some(keywords, fc.oneof(json, some(keywords, json)));
    const lock = (inputSchema: object) => ({ tools: { x: { inputSchema } } });
    fc.assert(
      fc.property(schema, schema, (before, after) => {
        expect(Array.isArray(compareContracts(lock(before), lock(after)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

test(`a ${POLICY_LOCK} of another kind is refused, with a next step`, async () => {
  const wrong = [
    '{"strict":null}',
    '{"strict":{"tools":[]}}',
    '{"strict":{"tools":{"x":7}}}',
    '{"strict":{"tools":{"x":{"a":{}}}}}',
  ];
  for (const content of [...Object.values(texts), ...wrong]) {
    writeFileSync(POLICY_LOCK, content);
    const outcome = await offshoot("policy", "--check");
    expect({ content: String(content).slice(0, 80), ...outcome }).toEqual(expect.objectContaining(REFUSED));
    expect(outcome.said).toContain(POLICY_LOCK);
  }
});

describe("a journal", () => {
  /** What an update that was cut off left behind, and the folder that it was in. */
  function cutOff(): { folder: string; plan: string } {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.txt"), "before");
    writeChanges(folder, new Map([["a.txt", { bytes: Buffer.from("after"), executable: false }]]));
    const updates = join(world.root, "state/offshoot/updates");
    return { folder, plan: join(updates, readdirSync(updates)[0] as string, "plan.json") };
  }

  test("is believed as it was written", () => {
    const { folder } = cutOff();
    expect(recover(folder)).toEqual({ restored: ["a.txt"], left: [] });
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("before");
  });

  test("of another kind is refused, and nothing is written or removed", () => {
    const { folder, plan } = cutOff();
    const right = JSON.parse(readFileSync(plan, "utf8"));
    const [entry] = right.entries;
    const changed = [
      ...["folder", "born", "token", "entries"].flatMap((key) =>
        [null, 7, {}, undefined, [7], [null]].map((value) => ({ ...right, [key]: value })),
      ),
      { ...right, token: "x" },
      { ...right, token: "../../../victim.txt" },
      ...["path", "before", "after"].flatMap((key) =>
        [7, [], {}, false, undefined].map((value) => ({ ...right, entries: [{ ...entry, [key]: value }] })),
      ),
      { ...right, entries: [{ ...entry, path: null }] },
    ];
    const contents = [...changed.map((data) => JSON.stringify(data)), ...Object.values(texts)];
    const before = world.outside();
    for (const content of contents) {
      writeFileSync(plan, content);
      const text = String(content).slice(0, 200);
      expect(() => recover(folder), text).toThrow(
        expect.objectContaining({ name: "Refusal", next: expect.stringContaining("git status") }),
      );
      expect(readFileSync(join(folder, "a.txt"), "utf8"), text).toBe("after");
      expect(readFileSync(plan).equals(Buffer.from(content)), text).toBe(true);
    }
    expect(world.outside()).toEqual(before);
  });

  test("with paths outside is refused before anything is written", () => {
    const { folder, plan } = cutOff();
    const right = JSON.parse(readFileSync(plan, "utf8"));
    for (const path of ["../victim.txt", "/etc/passwd", ".git/hooks/pre-commit", "a\\..\\b", ""]) {
      writeFileSync(
        plan,
        JSON.stringify({ ...right, entries: [{ path, before: null, after: null }, ...right.entries] }),
      );
      expect(() => recover(folder), path).toThrow(expect.objectContaining({ name: "Refusal" }));
      expect(readFileSync(join(folder, "a.txt"), "utf8"), path).toBe("after");
    }
  });
});
