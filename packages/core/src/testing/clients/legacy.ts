import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { ClientBehaviour, TestClient, Wire } from "../client.ts";
import { face, INFO } from "./face.ts";

/** The client of the 2025 era's SDK. */
export async function openLegacy(
  wire: Wire,
  transport: unknown,
  capabilities: object,
  { onElicit, onSample, onNotification }: ClientBehaviour,
): Promise<TestClient> {
  const client = new LegacyClient(INFO, { capabilities });
  if (onElicit) client.setRequestHandler(ElicitRequestSchema, async ({ params }) => (await onElicit(params)) as never);
  if (onSample)
    client.setRequestHandler(CreateMessageRequestSchema, async ({ params }) => (await onSample(params)) as never);
  for (const schema of [
    ResourceUpdatedNotificationSchema,
    ResourceListChangedNotificationSchema,
    ToolListChangedNotificationSchema,
    PromptListChangedNotificationSchema,
    LoggingMessageNotificationSchema,
  ]) {
    client.setNotificationHandler(schema, ({ method, params }) =>
      onNotification?.(method, (params ?? {}) as Record<string, unknown>),
    );
  }
  await client.connect(transport as never);
  const { z } = await import("zod");
  return face(
    wire,
    client as never,
    async (method, params = {}) =>
      (await client.request({ method, params }, z.looseObject({}))) as Record<string, unknown>,
    async (uris) => {
      for (const uri of uris) await client.subscribeResource({ uri });
      return async () => {
        for (const uri of uris) await client.unsubscribeResource({ uri });
      };
    },
  );
}
