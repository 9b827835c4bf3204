import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Config } from "./config.ts";
import { ApiError } from "./domain/errors.ts";
import { toolName } from "./domain/openapi/choose.ts";
import type { OperationMap } from "./map.ts";

const Entry = z.strictObject({
  operation: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  fixed: z.record(z.string(), z.unknown()).optional(),
  fields: z.array(z.string()).optional(),
  pages: z.strictObject({ next: z.string(), input: z.string() }).optional(),
  cacheMs: z.number().int().min(0).optional(),
  timeoutMs: z.number().int().positive().optional(),
  idempotent: z.boolean().optional(),
  keyed: z.boolean().optional(),
});
const MapFile = z.strictObject({
  tools: z.record(z.string(), z.union([z.string(), Entry])).default({}),
  resources: z
    .record(
      z.string(),
      Entry.omit({ fixed: true, pages: true, idempotent: true, keyed: true }).extend({ uri: z.string() }),
    )
    .default({}),
});

/**
 * What `--map` and `--operations` name together; `undefined` when neither is given.
 *
 * @throws ApiError that names the place
 */
export async function readMap({ map: path, operations: ids }: Config): Promise<OperationMap | undefined> {
  if (path === undefined && ids === undefined) return undefined;
  const named = Object.fromEntries(listed(ids).map((id) => [toolName(id), id]));
  const { tools, resources } = path === undefined ? { tools: {}, resources: {} } : await parsed(path);
  return { tools: { ...tools, ...named }, resources };
}

/** The items of a comma-separated setting. */
export const listed = (text = ""): string[] =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

async function parsed(path: string): Promise<Required<OperationMap>> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ApiError("map_unreadable", `--map ${path} cannot be read as JSON (${code ?? message.split("\n")[0]}).`, {
      cause,
    });
  }
  const { success, data, error } = MapFile.safeParse(content, { jitless: true });
  if (success) return data as Required<OperationMap>;
  const issue = error.issues[0];
  throw new ApiError(
    "map_wrong",
    `--map ${path} is wrong at ${issue?.path.join(".") || "its root"}: ${issue?.message}`,
  );
}
