import { homedir } from "node:os";
import { type Client, clients, type ServerEntry } from "./clients.ts";
import { mergeConfig } from "./merge-config.ts";

/** What each client needs to start a server, to be read and pasted; clients that need the same stand together. */
export function howToConnect(name: string, server: ServerEntry): string {
  const texts = new Map<string, string[]>();
  for (const client of Object.values(clients)) {
    const text = client.command?.(name, server) ?? mergeConfig("", client, name, server).trimEnd();
    const place = client.command ? client.title : `${client.title} (${placeOf(client)})`;
    texts.set(text, [...(texts.get(text) ?? []), place]);
  }
  return [...texts].map(([text, places]) => `${places.join(" and ")}\n${text.replaceAll(/^/gm, "  ")}`).join("\n\n");
}

const placeOf = (client: Client): string => client.file().replace(homedir(), "~");
