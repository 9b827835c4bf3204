import type { Prompt, Resource, ServerDefinition, Tool } from "../../../src/index.ts";
import type { Input, TestClient, Wire } from "../../../src/testing/index.ts";
import type { Shelf } from "../shelf.ts";

/** One way to break the shelf, and the requirement that must notice. */
export interface Sabotage {
  id: string;
  how: string;
  /** Default `stdio-2025`. */
  wire?: Wire;
  /** Alters the definition after `defineServer`, which would have refused most of this. */
  server?: (sound: ServerDefinition, shelf: Shelf) => ServerDefinition;
  /** Alters what arrives at the client, for what core does not let a definition do. */
  client?: (real: TestClient) => Partial<TestClient>;
}

type Kind = "tools" | "resources" | "prompts";
export const alter =
  <Item>(kind: Kind, name: string, change: (item: Item) => Partial<Item>) =>
  (sound: ServerDefinition) =>
    ({
      ...sound,
      [kind]: new Map(
        [...(sound[kind] as ReadonlyMap<string, Item>)].map(([key, item]) => [
          key,
          key === name ? { ...item, ...change(item) } : item,
        ]),
      ),
    }) as ServerDefinition;
export const tool = (name: string, change: (tool: Tool) => Partial<Tool>) => alter<Tool>("tools", name, change);
export const resource = (name: string, change: (resource: Resource) => Partial<Resource>) =>
  alter<Resource>("resources", name, change);
export const prompt = (change: (prompt: Prompt) => Partial<Prompt>) => alter<Prompt>("prompts", "review", change);

export const field = (sound: Tool, which: "input" | "output", name: string, schema: object): Partial<Tool> => {
  const root = sound.json[which];
  return {
    json: { ...sound.json, [which]: { ...root, properties: { ...(root.properties as object), [name]: schema } } },
  };
};

export const request =
  (answer: (method: string, params: Input, real: TestClient["request"]) => Promise<Record<string, unknown>>) =>
  (real: TestClient) => ({
    request: (method: string, params: Input = {}) => answer(method, params, real.request),
  });

export const without = <Key extends string>(object: Record<string, unknown>, key: Key): Record<string, unknown> => {
  const { [key]: _, ...rest } = object;
  return rest;
};
