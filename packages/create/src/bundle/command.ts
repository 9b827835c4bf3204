import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { strayOutput } from "../check/stdout.ts";
import { readLock } from "../contract/lock-file.ts";
import { npm } from "../npm.ts";
import { linkInside } from "../own-place.ts";
import { withProgress } from "../progress.ts";
import { binName, builtBin, openProject, type Project } from "../project.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { writeFileAtomically } from "../write-file.ts";
import { mcpbManifest } from "./mcpb-manifest.ts";
import { fitsRegistry, type Verdict } from "./registry-schema.ts";
import { serverJson } from "./server-json.ts";
import { stage } from "./stage.ts";

/** The format's own tool: it checks the manifest and packs. */
const TOOL = "@anthropic-ai/mcpb@2";

/** `offshoot bundle`: the server as a file that a host installs with a click, and its entry for the MCP registry. */
export const bundle = defineCommand({
  usage: "bundle [--out <folder>] [--url <address>] [-- <the server's arguments>]",
  summary:
    "Packs the built server as an MCP Bundle (.mcpb), and writes the server.json for the MCP registry, checked against its schema: OFFSHOOT_REGISTRY_SCHEMA in the environment names a copy.",
  options: {
    out: { type: "string", value: "folder", description: "Where both are written (default: bundle)" },
    url: { type: "string", value: "address", description: "Where the bundle will be downloaded from, for server.json" },
  },
  examples: [
    ["offshoot bundle", "bundle/<name>-<version>.mcpb, to be opened with Claude Desktop"],
    ["offshoot bundle --url https://example.org/my-mcp-1.0.0.mcpb", "list the bundle in server.json, too"],
    ["offshoot bundle -- --profile read-only", "a bundle that starts the server with arguments"],
  ],
  async run({ words: args, options: { out = "bundle", url }, json }) {
    const project = openProject();
    const { manifest, marker } = project;
    const needs = marker.needs ?? {};
    const folder = resolve(project.folder, out);
    const file = join(folder, `${binName(manifest)}-${manifest.version}.mcpb`);
    for (const written of [file, join(folder, "server.json")]) {
      const link = linkInside(project.folder, written);
      if (link !== undefined)
        throw new Refusal(`"${link}" is a link, and it may have come with the project.`, "name a folder with --out.");
    }
    const entry = relative(project.folder, builtBin(project)).replaceAll("\\", "/");
    const contract = readLock(project.folder);
    const bundled = mcpbManifest(manifest, { contract, entry, needs, args });
    const listed = (sha256: string) =>
      serverJson(manifest, { needs, args, download: url === undefined ? undefined : { url, sha256 } });
    // What the registry would refuse is known before anything is written; any digest stands for the one to come.
    const entryToCome = listed("0".repeat(64));
    const verdict =
      entryToCome &&
      (await withProgress("Checking server.json against the registry's schema", json, () => fitsRegistry(entryToCome)));
    const staged = mkdtempSync(join(tmpdir(), "offshoot-bundle-"));
    try {
      await withProgress("Collecting the files", json, () => stage(project, staged, entry, bundled));
      await withProgress("Starting the server from them", json, () =>
        startsAlone({ ...project, folder: staged }, args),
      );
      mkdirSync(folder, { recursive: true });
      await withProgress("Packing", json, () => pack(staged, file));
    } finally {
      rmSync(staged, { recursive: true, force: true });
    }
    const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
    const entryOfRegistry = listed(sha256);
    const listing = entryOfRegistry && join(folder, "server.json");
    if (listing) writeFileAtomically(listing, `${JSON.stringify(entryOfRegistry, null, 2)}\n`);
    return {
      data: { file, sha256, manifest: bundled, serverJson: listing ?? null, registrySchema: verdict ?? null },
      text: [
        `${file}\nsha256 ${sha256}`,
        listing ??
          'No server.json: a listing needs "mcpName" in package.json, and a package that is not private or --url.',
        ...(verdict ? [lineOf(verdict)] : []),
        `Next: open the .mcpb with a host that installs bundles${listing ? "; `mcp-publisher publish` lists server.json" : ""}.`,
      ].join("\n"),
    };
  },
});

const lineOf = ({ schema, fits, reason }: Verdict): string =>
  fits === true
    ? `It fits ${schema}.`
    : `It was not checked against ${schema}: ${reason}. \`mcp-publisher publish\` will do so.`;

/** What was not put into the bundle is missing on the user's machine. */
async function startsAlone(staged: Project, args: string[]): Promise<void> {
  try {
    await strayOutput(staged, [...args, ...(staged.marker.args ?? [])]);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal(
      `Outside the project, the built server does not start: ${cause.message}`,
      "bundle every dependency into dist/, as the templates do, or list it in dependencies.",
      { cause },
    );
  }
}

async function pack(staged: string, file: string): Promise<void> {
  try {
    await npm("exec", "--yes", `--package=${TOOL}`, "--", "mcpb", "pack", staged, file);
  } catch (cause) {
    const { stdout = "", stderr = "", message } = cause as Error & { stdout?: string; stderr?: string };
    const lines = `${stderr}\n${stdout}`.split("\n").filter((line) => line.trim() !== "" && !/^npm warn/.test(line));
    throw new Refusal(
      `${TOOL} did not pack the bundle: ${lines.slice(0, 8).join("\n") || message}`,
      "fix what it names; it comes from the registry, which has to be reachable.",
      { cause },
    );
  }
}
