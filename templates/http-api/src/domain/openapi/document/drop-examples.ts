import { isNode } from "../../schemas/keywords.ts";

type Json = Record<string, unknown>;

/**
 * Examples of whole bodies, and what they refer to, which nothing here reads: half of what a large description holds, and
 * so of the time and the memory that a start takes. Changes `document`.
 */
export function dropExamples({ paths, components }: Json): void {
  for (const item of each(paths))
    for (const operation of each(item))
      for (const body of [operation.requestBody, ...each(operation.responses)]) drop(body);
  if (!isNode(components)) return;
  for (const body of [...each(components.requestBodies), ...each(components.responses)]) drop(body);
  delete components.examples;
}

function drop(body: unknown): void {
  if (!isNode(body)) return;
  for (const media of each(body.content)) {
    delete media.example;
    delete media.examples;
  }
}

const each = (map: unknown): Json[] => (isNode(map) ? Object.values(map).filter(isNode) : []);
