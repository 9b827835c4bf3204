import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import {
  audio,
  type ChangeEmitter,
  type ContentBlock,
  defineTool,
  embeddedResource,
  fail,
  image,
  type Tool,
  withContent,
} from "../../src/index.ts";
import { png, wav } from "./media.ts";
import { Nothing, textTool } from "./text-tool.ts";

/** A tool whose answer is blocks and no data. */
const mediaTool = (name: string, description: string, text: string, ...content: ContentBlock[]): Tool =>
  defineTool({
    name,
    title: name.replaceAll("_", " "),
    description,
    inputSchema: Nothing,
    outputSchema: Nothing,
    annotations: { readOnlyHint: true },
    toText: () => text,
    handler: () => withContent({}, ...content),
  });

// An id makes it a $def, and everything else in meta is published as it stands.
const Address = z
  .object({ street: z.string().optional().describe("Street and number"), city: z.string().optional().describe("City") })
  .meta({ id: "address", $anchor: "addressDef" });

const Contact = z
  .strictObject({
    name: z.string().optional().describe("Who it is"),
    address: Address.optional().describe("Where they live"),
    contactMethod: z.enum(["phone", "email"]).optional().describe("How they like to be reached"),
    phone: z.string().optional().describe("Phone number"),
    email: z.string().optional().describe("Mail address"),
  })
  .meta({
    allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
    if: { type: "object", properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ["phone"] },
    else: { required: ["email"] },
  });

/** Tools that ask nobody. `emit` is the server's emitter once it serves. */
export const tools = (emit: () => ChangeEmitter | undefined): Tool[] => [
  textTool(
    "test_simple_text",
    "Answers with a sentence.",
    Nothing,
    () => "This is a simple text response for testing.",
  ),
  mediaTool("test_image_content", "Answers with an image.", "", image(png, "image/png")),
  mediaTool("test_audio_content", "Answers with a sound.", "", audio(wav, "audio/wav")),
  mediaTool(
    "test_embedded_resource",
    "Answers with a resource.",
    "",
    embeddedResource({
      uri: "test://embedded-resource",
      mimeType: "text/plain",
      text: "This is an embedded resource content.",
    }),
  ),
  mediaTool(
    "test_multiple_content_types",
    "Answers with text, an image and a resource.",
    "Multiple content types test:",
    image(png, "image/png"),
    embeddedResource({
      uri: "test://mixed-content-resource",
      mimeType: "application/json",
      text: JSON.stringify({ test: "data", value: 123 }),
    }),
  ),
  textTool("test_error_handling", "Fails.", Nothing, () =>
    fail("This tool intentionally returns an error for testing"),
  ),
  textTool("test_tool_with_logging", "Logs to the client while it works.", Nothing, async (_input, call) => {
    call.notify("info", "Tool execution started");
    await sleep(50);
    call.notify("info", "Tool processing data");
    await sleep(50);
    call.notify("info", "Tool execution completed");
    return "Logged three messages.";
  }),
  textTool("test_logging_tool", "Logs one message to the client.", Nothing, (_input, call) => {
    call.notify("info", "Only for clients that asked for it");
    return "Logged one message.";
  }),
  textTool("test_tool_with_progress", "Reports progress while it works.", Nothing, async (_input, call) => {
    call.progress(0, 100);
    await sleep(50);
    call.progress(50, 100);
    await sleep(50);
    call.progress(100, 100);
    return "Reported progress three times.";
  }),
  textTool("test_trigger_tool_change", "Says that the list of tools is another.", Nothing, () => {
    emit()?.toolsChanged();
    return "Said so.";
  }),
  textTool("test_trigger_prompt_change", "Says that the list of prompts is another.", Nothing, () => {
    emit()?.promptsChanged();
    return "Said so.";
  }),
  textTool(
    "json_schema_2020_12_tool",
    "Has an input with most of JSON Schema 2020-12.",
    Contact,
    ({ name }) => `Hello, ${name}.`,
  ),
];
