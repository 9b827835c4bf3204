import { parseUriTemplate } from "../contract/names/uri-template.ts";
import { VERSIONS } from "../contract/versions.ts";
import { byKey, type Contract, earlierOf, normalise } from "../surface/contract.ts";
import type { TestClient } from "./client.ts";

type Listed = Record<string, unknown>;
type Completable = { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string };

/**
 * Reads the public surface of a running server through a client of the 2025 era: the same as `readContract` reads off
 * its definition. Nothing is called that changes anything.
 *
 * A fixed resource whose URI a template of the same server also matches is taken for one of the template's.
 */
export async function readContractOver(client: TestClient): Promise<Contract> {
  const { capabilities } = client;
  const { name, title } = client.serverInfo as { name: string; title?: string | undefined };
  const has = (capability: string): boolean => capability in capabilities;
  const tools = has("tools") ? await toolsOver(client) : [];
  const prompts = has("prompts") ? await client.prompts() : [];
  return normalise({
    name,
    title,
    instructions: client.instructions,
    capabilities,
    tools: byKey(tools, ({ name, ...tool }) => [name as string, tool]),
    resources: has("resources") ? await resourcesOver(client) : {},
    prompts: byKey(
      await Promise.all(
        prompts.map(async ({ name, arguments: listed = [], ...prompt }) => {
          const args = listed as Listed[];
          const names = args.map((argument) => argument.name as string);
          const completes = await completable(client, { type: "ref/prompt", name: name as string }, names);
          const inLock = byKey(args, ({ name, ...argument }) => [name as string, argument]);
          return { name, ...prompt, arguments: inLock, completes };
        }),
      ),
      ({ name, ...prompt }) => [name as string, prompt],
    ),
  }) as Contract;
}

/** @internal The tools that a client is shown, as the lock has them. */
export const toolsOver = async (client: TestClient): Promise<Listed[]> =>
  Promise.all((await client.tools()).map((tool) => versionedOver(client, tool)));

/** A tool as the lock has it: its earlier versions as a client is shown them that speaks them. */
async function versionedOver(client: TestClient, { _meta, ...tool }: Listed): Promise<Listed> {
  const { [VERSIONS]: known, ...meta } = (_meta ?? {}) as {
    [VERSIONS]?: { current: string; earlier: { version: string; sunset?: string | undefined }[] };
  };
  const authored = Object.keys(meta).length === 0 ? {} : { _meta: meta };
  if (known === undefined) return { ...tool, ...authored };
  const earlier = await Promise.all(
    known.earlier.map(async ({ version, sunset }) => {
      const { inputSchema, outputSchema } = await listedAs(client, tool.name as string, version);
      return { version, sunset, inputSchema, outputSchema };
    }),
  );
  const versions = earlierOf(earlier, ({ version, ...schemas }) => [version, schemas]);
  return { ...tool, ...authored, version: known.current, versions };
}

async function listedAs(client: TestClient, name: string, version: string): Promise<Listed> {
  let cursor: unknown;
  do {
    const page = (await client.request("tools/list", {
      ...(cursor === undefined ? {} : { cursor }),
      _meta: { [VERSIONS]: { [name]: version } },
    })) as { tools: Listed[]; nextCursor?: unknown };
    const found = page.tools.find((tool) => tool.name === name);
    if (found !== undefined) return found;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return {};
}

async function resourcesOver(client: TestClient): Promise<Record<string, unknown>> {
  const templates = (await client.templates()).map((entry) => ({
    entry,
    parsed: parseUriTemplate(entry.uriTemplate as string, "resources/templates/list"),
  }));
  // The list also holds what the templates' own data is now.
  const listed = await client.resources();
  const isData = (uri: string): boolean => templates.some(({ parsed }) => parsed.match(uri) !== undefined);
  const fixed = listed.filter(({ uri }) => !isData(uri as string));
  const entries = [
    ...fixed.map(async ({ uri, ...resource }) => [
      uri,
      { ...resource, subscribe: await subscribable(client, uri as string) },
    ]),
    ...templates.map(async ({ entry: { uriTemplate, ...resource }, parsed }) => {
      const uri = uriTemplate as string;
      // A watch looks at what it is asked for: one that exists is asked for where the server lists any.
      const example =
        listed.map(({ uri }) => uri as string).find((uri) => parsed.match(uri) !== undefined) ??
        parsed.expand(Object.fromEntries(parsed.variables.map((name) => [name, "x"])));
      const completes = await completable(client, { type: "ref/resource", uri }, parsed.variables);
      return [uri, { ...resource, subscribe: await subscribable(client, example), completes }];
    }),
  ];
  return Object.fromEntries(await Promise.all(entries));
}

/** `undefined` where it cannot be subscribed to, which leaves it out of the contract. */
async function subscribable(client: TestClient, uri: string): Promise<true | undefined> {
  if (!(client.capabilities.resources as { subscribe?: boolean | undefined }).subscribe) return undefined;
  try {
    await client.request("resources/subscribe", { uri });
    await client.request("resources/unsubscribe", { uri });
    return true;
  } catch (error) {
    // A refusal of the resource's own `watch` says that there is one.
    return (error as { data?: { subscribable?: boolean | undefined } | undefined }).data?.subscribable === false
      ? undefined
      : true;
  }
}

/** Which names can be completed: what cannot be answers without a total. */
async function completable(
  client: TestClient,
  ref: Completable,
  names: readonly string[],
): Promise<string[] | undefined> {
  if (!("completions" in client.capabilities)) return undefined;
  const found: string[] = [];
  for (const name of [...names].sort()) {
    try {
      const params = { ref, argument: { name, value: "" } };
      const { completion } = (await client.request("completion/complete", params)) as {
        completion: { total?: number | undefined };
      };
      if (completion.total !== undefined) found.push(name);
    } catch {
      // It was tried and failed in its own code: there is something to complete.
      found.push(name);
    }
  }
  return found.length === 0 ? undefined : found;
}
