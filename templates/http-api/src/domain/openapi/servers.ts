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
        `--server-variable ${name}=${value} is not what the description lists: ${allowed.map(String).slice(0, 20).join(", ")}.`,
      );
    return value === undefined ? whole : String(value);
  });
}

/**
 * Checks that each given variable is one of the servers.
 *
 * @param lists `servers` of the description, its paths and its operations
 * @throws ApiError for one that is not
 */
export function checkVariables(lists: readonly unknown[], given: ServerVariables): void {
  const servers = lists.flatMap((list) => (Array.isArray(list) ? list : []));
  const known = new Set(servers.flatMap((server) => Object.keys(asObject(asObject(server).variables))));
  for (const name of Object.keys(given))
    if (!known.has(name))
      throw new ApiError(
        "server_variable_wrong",
        `--server-variable names ${JSON.stringify(name)}, which no server of the description has. They have: ${[...known].join(", ") || "none"}.`,
      );
}
