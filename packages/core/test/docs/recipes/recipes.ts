// The domain of the server in docs/prompts.md, resources.md, settings.md and what-a-model-sees.md.
/** The domain, as small as it can be. */
export interface Recipes {
  ids(): string[];
  text(id: string): string | undefined;
  picture(id: string): Uint8Array | undefined;
  delete(id: string): boolean;
}

export function someRecipes(): Recipes {
  const texts = new Map(["borscht", "dal", "pho", "pizza"].map((id) => [id, `# ${id}\n\nCook it.`]));
  return {
    ids: () => [...texts.keys()].sort(),
    text: (id) => texts.get(id),
    picture: (id) => (texts.has(id) ? Buffer.from("iVBORw0KGgo=", "base64") : undefined),
    delete: (id) => texts.delete(id),
  };
}
