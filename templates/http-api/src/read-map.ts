import { readFile } from "node:fs/promises";
import { z } from "zod";
import { ApiError } from "./domain/errors.ts";
import type { OperationMap } from "./map.ts";

const Texts = z.record(z.string(), z.string());
const Entry = z.strictObject({
  operation: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  fixed: z.record(z.string(), z.unknown()).optional(),
  headers: Texts.optional(),
  query: Texts.optional(),
  body: z.string().optional(),
  sendDefaults: z.boolean().optional(),
  fields: z
    .array(z.string())
    .min(1, 'names no field. Leave it out to keep all, or say "replies": "off" where answers are not as described')
    .optional(),
  replies: z.enum(["strict", "warn", "off"]).optional(),
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
      Entry.pick({
        operation: true,
        title: true,
        description: true,
        fields: true,
        timeoutMs: true,
        cacheMs: true,
      }).extend({
        uri: z.string(),
      }),
    )
    .default({}),
  headers: Texts.default({}),
  query: Texts.default({}),
});

/**
 * What `--map` says; `undefined` when it is not given.
 *
 * @throws ApiError that names the place
 */
export async function readMap(path: string | undefined): Promise<Required<OperationMap> | undefined> {
  return path === undefined ? undefined : parseMap(path);
}

/** The items of a comma-separated setting. */
export const splitList = (text = ""): string[] =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

async function parseMap(path: string): Promise<Required<OperationMap>> {
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
