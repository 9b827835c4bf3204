import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { must } from "../command.ts";
import type { Manager } from "../managers.ts";
import { done, inLanes, type Report, timed } from "../row.ts";
import type { Stage } from "../stage.ts";
import type { Cell, Table } from "../table.ts";
import { countPassed } from "./projects.ts";

/** A client that finds servers where Cursor does: in `.cursor/mcp.json` of the user's home. */
const CLIENT = "mcporter@0.12.3";

/** What a newcomer types into the files that `add tool count_words` has written. */
const edits: [file: string, before: string, after: string][] = [
  ["src/tools/count-words.ts", 'description: "Count words."', 'description: "Count the words of a text."'],
  [
    "src/tools/count-words.ts",
    'z.object({ result: z.string().describe("The result") })',
    'z.object({ words: z.int().describe("How many there are") })',
  ],
  ["src/tools/count-words.ts", "({ result: text })", "({ words: text.trim().split(/\\s+/).length })"],
  ["test/count-words.test.ts", '{ result: "one" }', "{ words: 1 }"],
];

/**
 * From an empty folder and an empty home to a tool of one's own, answering a client that read its configuration there:
 * by the commands that the README and the commands themselves print.
 */
export async function newcomers(
  stage: Stage,
  { managers, lanes, has, report }: { managers: Manager[]; lanes: number; has: Table["has"]; report: Report },
): Promise<void> {
  const files = [...new Set(edits.map(([file]) => file))];
  const what = `to a tool of one's own in a client: ${files.length} files edited, ${edits.length} lines written`;
  const cells = managers.map((manager) => ({ manager, head: { part: "newcomer", what, manager: manager.name } }));
  const left = cells.filter(({ head }) => !has(head));
  await inLanes(left, lanes, async ({ manager, head }) => report(await newcomer(stage, head, manager)));
}

function newcomer(stage: Stage, head: Cell, manager: Manager) {
  const cwd = stage.folder();
  const home = join(cwd, "home");
  const folder = join(cwd, "my-server");
  const { env } = stage;
  const own = { ...env, HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: join(home, ".config") };
  return timed(head, [
    ["create", () => done(must(manager.create("my-server", "minimal"), empty(cwd, home), env))],
    ["install", () => done(must(manager.install, folder, env))],
    ["test", async () => countPassed(await must(manager.run("test"), folder, env))],
    ["add tool", () => done(must(manager.offshoot("add", "tool", "count_words"), folder, env))],
    ["edit", async () => edit(folder)],
    ["test and lock", async () => countPassed(await must(manager.run("test", ["-u"]), folder, env))],
    ["connect", () => done(must(manager.offshoot("connect", "cursor", "--write"), folder, own))],
    [
      "call",
      async () => {
        const config = join(home, ".cursor/mcp.json");
        if (!existsSync(config)) throw new Error(`connect wrote no ${config}`);
        const words = ["call", "my-server.count_words", "text=one two three", "--output", "json"];
        const said = await must(["npm", "exec", "--yes", `--package=${CLIENT}`, "--", "mcporter", ...words], home, own);
        if (!/"words":\s*3/.test(said)) throw new Error(said);
        return undefined;
      },
    ],
    ["tidy", () => done(rm(cwd, { recursive: true, force: true }))],
  ]);
}

/** The folder of a newcomer, who has nothing yet. */
function empty(cwd: string, home: string): string {
  mkdirSync(home);
  if (readdirSync(cwd).length > 1) throw new Error(`${cwd} is not empty`);
  return cwd;
}

function edit(folder: string): undefined {
  for (const [file, before, after] of edits) {
    const text = readFileSync(join(folder, file), "utf8");
    if (!text.includes(before)) throw new Error(`${file} does not have ${before}:\n${text}`);
    writeFileSync(
      join(folder, file),
      text.replace(before, () => after),
    );
  }
  return undefined;
}
