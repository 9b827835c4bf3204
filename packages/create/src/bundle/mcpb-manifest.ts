import type { Contract } from "../contract/compare-contracts.ts";
import type { Manifest } from "../manifest.ts";
import type { Need } from "../marker.ts";
import { binName } from "../project.ts";
import { Refusal } from "../terminal.ts";

/**
 * The `manifest.json` of an MCP Bundle, from what the project says of itself. Version 0.3 of the format: the newest that
 * hosts of all ages read, and it has all that is said here.
 *
 * @throws Refusal when package.json names no author, which the format insists on
 */
export function mcpbManifest(
  manifest: Manifest,
  { contract, entry, needs, args }: { contract: Contract; entry: string; needs: Record<string, Need>; args: string[] },
): object {
  const wanted = Object.keys(needs);
  return {
    manifest_version: "0.3",
    name: binName(manifest),
    version: manifest.version,
    description: manifest.description,
    author: authorOf(manifest.author),
    ...(manifest.license !== undefined && { license: manifest.license }),
    ...(manifest.keywords !== undefined && { keywords: manifest.keywords }),
    server: {
      type: "node",
      entry_point: entry,
      mcp_config: {
        command: "node",
        // The host fills these in.
        args: [`\${__dirname}/${entry}`, ...args, ...wanted.map((name) => `\${user_config.${name}}`)],
      },
    },
    tools: Object.entries(contract.tools ?? {}).map(([name, { description }]) => ({ name, description })),
    ...(Object.keys(contract.prompts ?? {}).length > 0 && { prompts_generated: true }),
    ...(wanted.length > 0 && {
      user_config: Object.fromEntries(
        Object.entries(needs).map(([name, { example: _, ...need }]) => [name, { ...need, required: true }]),
      ),
    }),
    ...(manifest.engines?.node !== undefined && { compatibility: { runtimes: { node: manifest.engines.node } } }),
  };
}

/** npm takes `Name <address> (url)` or an object. */
function authorOf(author: unknown): object {
  if (typeof author === "object" && author !== null && "name" in author) return author;
  const [, name, email, url] = /^\s*([^<(]+?)\s*(?:<([^>]*)>)?\s*(?:\(([^)]*)\))?\s*$/.exec(String(author ?? "")) ?? [];
  if (name === undefined)
    throw new Refusal(
      "A bundle names its author, and package.json names none.",
      'add "author": "Your Name <you@example.org>".',
    );
  return { name, ...(email && { email }), ...(url && { url }) };
}
