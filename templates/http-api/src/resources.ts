import { defineResource, type Resource } from "@offshoot/core";
import type { Api } from "./api.ts";
import { ApiError } from "./domain/errors.ts";
import { flatInputs } from "./domain/openapi/inputs/flat-inputs.ts";
import type { Operations } from "./domain/openapi/operations.ts";
import { plainText, wordsOf } from "./domain/openapi/texts.ts";
import { project } from "./domain/project.ts";
import { makeRequest } from "./domain/request/make-request.ts";
import { checkInputs, type OperationMap, type ResourceEntry } from "./map.ts";
import { policyOf } from "./tools/generated.ts";

/** The operations that the map makes resources: what a user attaches to a conversation, rather than a model calls. */
export const apiResources = (api: Api, operations: Operations, { resources = {} }: OperationMap): Resource[] =>
  Object.entries(resources).map(([name, entry]) => resource(api, operations, name, entry));

function resource(api: Api, operations: Operations, name: string, entry: ResourceEntry): Resource {
  const operation = operations.get(entry.operation);
  if (operation.method !== "GET")
    throw new ApiError(
      "not_readable",
      `The map's resource ${name} is ${operation.method} ${operation.path}. Reading a resource changes nothing: use a GET operation, or make it a tool.`,
    );
  const inputs = flatInputs(operation);
  const variables = [...entry.uri.matchAll(/\{\+?([^{}]+)\}/g)].map(([, variable]) => variable as string);
  checkInputs(name, operation.id, inputs.fields, variables);
  return defineResource({
    name,
    title: plainText(entry.title ?? operation.summary, 80) || wordsOf(name),
    description: plainText(entry.description ?? operation.description ?? operation.summary, 500) || operation.path,
    uri: entry.uri,
    scopes: ["api:read"],
    mimeType: operation.reply?.contentType.split(";")[0] ?? "application/json",
    ...(entry.timeoutMs === undefined ? {} : { timeoutMs: entry.timeoutMs }),
    ...(entry.cacheMs === undefined ? {} : { ttlMs: entry.cacheMs }),
    read: async (variables, call) => {
      const { reply } = await api.send(
        call,
        makeRequest(operation, inputs.fields, variables),
        policyOf(operation, entry)(),
      );
      if (reply.body instanceof Uint8Array) return reply.body;
      const data = entry.fields === undefined ? reply.body : project(reply.body, entry.fields);
      return typeof data === "string" ? data : JSON.stringify(data);
    },
  });
}
