import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { callOneTool } from "../call.ts";
import { must } from "../command.ts";
import type { Manager } from "../managers.ts";
import { ADDED_LATER, NEXT } from "../packed.ts";
import { done, inLanes, type Report, timed } from "../row.ts";
import type { Stage } from "../stage.ts";
import type { Cell, Table } from "../table.ts";
import { installIn } from "./projects.ts";

const LINE = "// A line of the user's.";
/** Of a template whose tests are one file, those of the process. */
const short = (folder: string): string =>
  existsSync(join(folder, "test/process.test.ts")) ? " test/process.test.ts" : " -t bin";

/**
 * A project of the released version with work of a user's in it, taken to the next version by the command from the
 * registry: its own build and test run before and after, and the user's lines are still there.
 */
export async function updates(
  stage: Stage,
  {
    templates,
    managers,
    lanes,
    has,
    report,
  }: { templates: string[]; managers: Manager[]; lanes: number; has: Table["has"]; report: Report },
): Promise<void> {
  const cells = templates.flatMap((template) =>
    managers.map((manager) => {
      const head = { part: "update", what: `${template} → ${NEXT}`, manager: manager.name };
      return { template, manager, head };
    }),
  );
  const left = cells.filter(({ head }) => !has(head));
  await inLanes(left, lanes, async (cell) => report(await update(stage, cell)));
}

function update(stage: Stage, { template, manager, head }: { template: string; manager: Manager; head: Cell }) {
  const { env } = stage;
  const cwd = stage.folder();
  const folder = join(cwd, "project");
  const edit = (name: string, change: (text: string) => string): void =>
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name), "utf8")));
  const git = (...words: string[]) =>
    must(["git", "-c", "user.name=user", "-c", "user.email=user@localhost", ...words], folder, env);
  const json = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
  return timed(head, [
    ["get", () => done(must(manager.create("project", template), cwd, env))],
    ["install", () => installIn(folder, manager, env)],
    [
      "edit",
      async () => {
        edit("src/main.ts", (text) => `${text}${LINE}\n`);
        // The gates run twice: a short test of the user's own choice.
        edit("package.json", (text) => text.replace(/("test": ".*)"/, `$1${short(folder)}"`));
        await git("init", "--quiet");
        await git("add", "--all");
        await git("commit", "--quiet", "--message", "mine");
        return undefined;
      },
    ],
    ["dry run", () => done(must(manager.offshoot("update", "--to", "next", "--dry-run"), folder, env))],
    ["update with gates", () => done(must(manager.offshoot("update", "--to", "next"), folder, env))],
    [
      "look",
      async () => {
        const wrong = [
          json("offshoot.json").version === NEXT || "offshoot.json does not name the new version",
          json("package.json").description === "What came later." || "package.json lacks upstream's change",
          json("package.json").scripts.test.endsWith(short(folder)) || "the user's script is lost",
          readFileSync(join(folder, "src/main.ts"), "utf8").includes(LINE) || "the user's line is lost",
          existsSync(join(folder, ADDED_LATER)) || `${ADDED_LATER} is missing`,
        ].filter((problem) => problem !== true);
        if (wrong.length > 0) throw new Error(wrong.join("\n"));
        return undefined;
      },
    ],
    ["check", () => done(must(manager.offshoot("check", "--offline"), folder, env))],
    ["call", () => done(callOneTool(folder, template, join(cwd, "data")))],
    ["tidy", () => done(rm(cwd, { recursive: true, force: true }))],
  ]);
}
