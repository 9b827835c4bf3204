import { existsSync, globSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "tsup";
import type { Era } from "../src/contract/context.ts";

/** One of the servers that are compared. */
export interface Arm {
  name: string;
  /** Arguments of node. */
  args: readonly string[];
  era: Era;
  /** Whether it is the small server of raw-v1.ts, whose answers are known. */
  small: boolean;
  /** Over HTTP, in the 2025 era: no session. */
  stateless?: boolean;
  /** Why it cannot run here. */
  skipped?: string | undefined;
}

/** The arm that every ratio is taken to. */
export const BASE = "raw v1";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const small = (name: string, file: string, era: Era = "2025"): Arm => ({
  name,
  args: [path(`dist/${file}.js`)],
  era,
  small: true,
});

/** A template's server as it is published, with arguments that need no setting up. */
const bin = (template: string, ...args: string[]): Arm => {
  const main = path(`../../../templates/${template}/dist/main.js`);
  const skipped = existsSync(main) ? undefined : `templates/${template}/dist is missing; run \`pnpm build\``;
  return { name: `${template} bin`, args: [main, ...args], era: "2025", small: false, skipped };
};

/** Other people's ways to the same server, whose packages the workspace does not install. */
const peer = (name: string, file: string, era: Era = "2025"): Arm => ({
  name,
  args: [path(`peers/${file}.js`)],
  era,
  small: true,
  stateless: true,
  skipped: existsSync(path("peers/node_modules"))
    ? undefined
    : "`npm install` in packages/core/bench/peers brings its packages",
});

const v1 = small(BASE, "raw-v1");
const v2 = small("raw v2", "raw-v2");
const offshoot = small("offshoot", "offshoot");
const bare = small("bare loop", "bare");

const http = (name: string, file: string, mode: "stateless" | "sessions" | "2026"): Arm => ({
  name,
  args: [path(`dist/${file}.js`), mode],
  era: mode === "2026" ? "2026" : "2025",
  small: true,
  stateless: mode === "stateless",
});
const feed = (era: Era): Arm => ({
  name: `offshoot, ${era} era`,
  args: [path("dist/feed.js"), era],
  era,
  small: true,
});

const feedHttp = (name: string, mode: string): Arm => ({
  name,
  args: [path("dist/feed-http.js"), mode],
  era: mode === "2026" ? "2026" : "2025",
  small: true,
});

/** Who takes part in which bench. */
export const arms = {
  stdio: [
    v1,
    v2,
    small("raw v2, 2026 era", "raw-v2", "2026"),
    offshoot,
    small("offshoot, 2026 era", "offshoot", "2026"),
    peer("tmcp", "tmcp"),
    peer("tmcp, 2026 era", "tmcp", "2026"),
    peer("fastmcp", "fastmcp"),
    bare,
  ],
  http: [
    http(BASE, "raw-v1-http", "stateless"),
    http("raw v1, sessions", "raw-v1-http", "sessions"),
    http("offshoot, stateless", "offshoot-http", "stateless"),
    http("offshoot, sessions", "offshoot-http", "sessions"),
    http("offshoot, 2026 era", "offshoot-http", "2026"),
    peer("raw v2, 2026 era", "raw-v2-http", "2026"),
    peer("tmcp, 2026 era", "tmcp-http", "2026"),
    http("bare loop", "bare-http", "stateless"),
  ],
  pieces: [
    feed("2025"),
    feed("2026"),
    feedHttp("HTTP, stateless", "stateless"),
    feedHttp("HTTP, sessions", "sessions"),
    feedHttp("HTTP, 2026 era", "2026"),
    feedHttp("HTTP, bare loop", "bare"),
  ],
  start: [
    v1,
    v2,
    offshoot,
    peer("tmcp", "tmcp"),
    peer("fastmcp", "fastmcp"),
    bin("notes", "--store", "memory"),
    bin("filesystem", path("."), "--profile", "read-only"),
    bin("http-api"),
    bare,
  ],
} as const satisfies Record<string, readonly Arm[]>;

/** The servers of `scale`, which compares ours with itself. */
export const grown = {
  /** Has as many tools as the argument after it says. */
  many: path("dist/many.js"),
  stdio: (["2025", "2026"] as const).map((era) => small(`stdio, ${era} era`, "offshoot", era)),
  http: arms.http.filter(({ name }) => name.startsWith("offshoot")),
};

/**
 * Turns the servers of this folder into JavaScript: types stripped at every start would count as the server's own time.
 * Packages stay outside. feed.ts takes core's sources in, since what it measures is not published.
 *
 * @returns a warning when what would be measured is not what the sources say
 */
export async function buildServers(): Promise<string | undefined> {
  const dist = path("../dist/serve.js");
  if (!existsSync(dist)) throw new Error("packages/core/dist is missing; run `pnpm build` first");
  await build({
    entry: [
      ...["raw-v1", "raw-v2", "raw-v2-server", "offshoot", "many", "bare", "feed", "feed-http"],
      ...["raw-v1-http", "offshoot-http", "bare-http", "api-servers"],
    ].map((name) => path(`${name}.ts`)),
    outDir: path("dist"),
    config: false,
    splitting: true,
    skipNodeModulesBundle: true,
    format: "esm",
    target: "node22",
    removeNodeProtocol: false,
    silent: true,
  });
  const builtAt = statSync(dist).mtimeMs;
  const newer = globSync(path("../src/**/*.ts")).some((source) => statSync(source).mtimeMs > builtAt);
  return newer ? "packages/core/dist is older than its sources; `pnpm build` makes it new" : undefined;
}
