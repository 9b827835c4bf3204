import { ApiError } from "../errors.ts";
import type { JsonSchema } from "../operation.ts";

/** Values for variables of server URLs, by name. */
export type ServerVariables = Readonly<Record<string, string>>;

const asObject = (node: unknown): JsonSchema =>
  typeof node === "object" && node !== null && !Array.isArray(node) ? (node as JsonSchema) : {};

/**
 * The URL of the first of some servers, its variables filled in: with what was given, otherwise with their defaults.
 * Relative ones stay so.
 *
 * @throws ApiError for a value that the description does not list
 */
export function serverUrl(servers: unknown, given: ServerVariables = {}): string | undefined {
  const [first] = Array.isArray(servers) ? servers : [];
  const { url, variables } = asObject(first);
  if (typeof url !== "string" || url.trim() === "") return undefined;
  return url.trim().replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const { default: usual, enum: allowed } = asObject(asObject(variables)[name]);
    const value = Object.hasOwn(given, name) ? given[name] : usual;
    if (Array.isArray(allowed) && allowed.length > 0 && Object.hasOwn(given, name) && !allowed.includes(value))
      throw new ApiError(
        "server_variable_wrong",
        `--server-variable ${name}=${value} is none of what the description lists: ${allowed.map(String).slice(0, 20).join(", ")}.`,
      );
    return value === undefined ? whole : String(value);
  });
}
