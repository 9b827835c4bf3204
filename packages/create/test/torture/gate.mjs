// The `types` gate of the trial: TypeScript as in any fork. What it knows from its last run is kept outside the project, which
// takes a quarter of the time.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

const folder = process.cwd();
const typescript = dirname(createRequire(join(folder, "gate.mjs")).resolve("typescript/package.json"));
const memory = process.env.TORTURE_MEMORY;
const known = join(memory, `${relative(dirname(memory), folder).replaceAll(/\W/g, "-")}.tsbuildinfo`);
const args = [join(typescript, "bin/tsc"), "--incremental", "--tsBuildInfoFile", known, "--pretty", "false"];
process.exit(spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1);
