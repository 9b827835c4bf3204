/**
 * `node scripts/bootstrap.mjs exec <command…>` runs a command with the toolchain of this repository, whatever Node and
 * package manager the machine has. Inside the command and its children `node` is the good one; its exit code is ours.
 *
 * No dependencies, and nothing newer than Node 18 understands: this runs before there is anything else.
 */
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { invocation, npm, root, toolchain, which } from "./toolchain.mjs";

const [verb, command, ...args] = process.argv.slice(2);
if (verb !== "exec" || !command) {
  console.error("Usage: node scripts/bootstrap.mjs exec <command…>");
  process.exit(2);
}

/** The environment of the command: npm's own variables name the old Node, and pnpm would inherit npm's settings. */
function environment(folders) {
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    const path = name.toUpperCase() === "PATH"; // "Path" on Windows
    if (!path && name !== "NODE" && name !== "INIT_CWD" && !name.startsWith("npm_")) env[name] = value;
  }
  env.PATH = [...folders, join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  env.TURBO_TELEMETRY_DISABLED = "1";
  env.DO_NOT_TRACK = "1";
  // pnpm 12 does not read npm's variables: a registry set for npm is handed on, and never written down.
  const registry = process.env.npm_config_registry || npm(["config", "get", "registry"]).stdout;
  if (/^https?:/.test(registry)) {
    env.npm_config_registry = registry;
    env.PNPM_CONFIG_REGISTRY = process.env.PNPM_CONFIG_REGISTRY || registry;
  }
  return env;
}

const env = environment(toolchain());
const file = which(command, env.PATH);
if (!file) {
  console.error(
    `${command}: not found. \`node scripts/bootstrap.mjs exec pnpm install\` brings the tools of the workspace.`,
  );
  process.exit(127);
}
const child = spawn(...invocation(file, args, { stdio: "inherit", env }));

// A terminal sends its signals to the whole group, so that the child has a Ctrl-C already; npm may send one twice.
const sent = new Set(process.stdin.isTTY ? ["SIGINT"] : []);
const forward = (signal) => {
  if (sent.has(signal)) return;
  sent.add(signal);
  child.kill(signal);
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, forward);

child.on("error", (error) => {
  console.error(`${command}: ${error.message}`);
  process.exit(126);
});
child.on("exit", (code, signal) => {
  if (!signal) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
