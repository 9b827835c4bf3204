import type { Manifest } from "../manifest.ts";
import type { Need } from "../marker.ts";
import { Refusal } from "../terminal.ts";
import { SCHEMA } from "./registry-schema.ts";

/** The bundle as others download it. */
interface Download {
  url: string;
  sha256: string;
}

/**
 * The `server.json` with which a server is listed in the MCP registry: as a package on npm unless it is private, and as a
 * bundle when it is said where that can be downloaded. `undefined` when there is nothing to list.
 *
 * The registry's schema judges the whole afterwards. What is looked at here it does not ask for, or cannot explain.
 *
 * @throws Refusal for a name, a version, a description or an address that the registry would refuse
 */
export function serverJson(
  manifest: Manifest,
  { needs, args, download }: { needs: Record<string, Need>; args: string[]; download: Download | undefined },
): object | undefined {
  const { mcpName, name, version, description = "" } = manifest;
  const packages = [
    ...(manifest.private === true ? [] : [npmPackage(name as string, version as string, needs, args)]),
    ...(download === undefined ? [] : [bundle(download)]),
  ];
  if (packages.length === 0 || mcpName === undefined) return undefined;
  for (const [wrong, message, next] of [
    [
      !/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/.test(mcpName),
      `"mcpName" is ${JSON.stringify(mcpName)}, which is not a valid name on the registry.`,
      'write it as "io.github.<you>/<server>": a domain of yours backwards, a slash, a name.',
    ],
    [
      !/^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(String(version)),
      `"version" is ${JSON.stringify(version)}, and the registry lists exact versions.`,
      'write it as "1.2.3".',
    ],
    // The schema says so as well; this is what most packages run into, and it is to be had without a network.
    [
      description.length < 1 || description.length > 100,
      `"description" has ${description.length} characters, and the registry takes 1 to 100.`,
      "shorten it in package.json.",
    ],
  ] as const)
    if (wrong) throw new Refusal(message, next);
  return { $schema: SCHEMA, name: mcpName, description, version, packages };
}

/** npm's package must name the same `mcpName`: that is how the registry knows that both have one owner. */
function npmPackage(identifier: string, version: string, needs: Record<string, Need>, args: string[]): object {
  const packageArguments = [
    ...args.map((value) => ({ type: "positional", value })),
    ...Object.entries(needs).map(([valueHint, { type, description, multiple }]) => ({
      type: "positional",
      valueHint,
      description,
      isRequired: true,
      ...(type !== "string" && { format: "filepath" }),
      ...(multiple && { isRepeated: true }),
    })),
  ];
  return {
    registryType: "npm",
    identifier,
    version,
    runtimeHint: "npx",
    transport: { type: "stdio" },
    ...(packageArguments.length > 0 && { packageArguments }),
  };
}

/** The version is in the bundle; the registry insists on the digest, and on "mcp" somewhere in the address. */
function bundle({ url, sha256 }: Download): object {
  if (!/^https:\/\/\S*mcp/i.test(url))
    throw new Refusal(
      `${url} is not the address of a bundle: the registry wants https and "mcp" in it.`,
      "name the address from which the .mcpb will be downloaded, such as a file of a release.",
    );
  return { registryType: "mcpb", identifier: url, fileSha256: sha256, transport: { type: "stdio" } };
}
