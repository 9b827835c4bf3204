import { Client as ModernClient, type StandardSchemaV1 } from "@modelcontextprotocol/client";
import type { ClientBehaviour, TestClient, Wire } from "../client.ts";
import { face, INFO } from "./face.ts";

const anything: StandardSchemaV1<unknown, Record<string, unknown>> = {
  "~standard": { version: 1, vendor: "offshoot", validate: (value) => ({ value: value as Record<string, unknown> }) },
};

/** The client of the 2026 era's SDK. */
export async function openModern(
  wire: Wire,
  transport: unknown,
  capabilities: object,
  { onElicit, onSample, onNotification }: ClientBehaviour,
): Promise<TestClient> {
  const client = new ModernClient(INFO, { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } });
  if (onElicit)
    client.setRequestHandler("elicitation/create", async ({ params }) => (await onElicit(params as never)) as never);
  if (onSample)
    client.setRequestHandler(
      "sampling/createMessage",
      async ({ params }) => (await onSample(params as never)) as never,
    );
  for (const method of [
    "notifications/resources/updated",
    "notifications/resources/list_changed",
    "notifications/tools/list_changed",
    "notifications/prompts/list_changed",
    "notifications/message",
  ] as const) {
    client.setNotificationHandler(method, (notification) =>
      onNotification?.(notification.method, (notification.params ?? {}) as Record<string, unknown>),
    );
  }
  await client.connect(transport as never);
  return face(
    wire,
    client as never,
    (method, params = {}) => client.request({ method, params }, anything),
    async (uris) => {
      const stream = await client.listen({
        resourceSubscriptions: uris,
        resourcesListChanged: true,
        toolsListChanged: true,
        promptsListChanged: true,
      });
      const granted = stream.honoredFilter.resourceSubscriptions ?? [];
      const refused = uris.filter((uri) => !granted.includes(uri));
      if (refused.length === 0) return () => stream.close();
      await stream.close();
      throw new Error(`The server did not grant a subscription to ${refused.join(", ")}.`);
    },
  );
}
