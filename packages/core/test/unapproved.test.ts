import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineServer, defineTool, explainUnapproved, withContent } from "../src/index.ts";
import { connect, WIRES } from "../src/testing/index.ts";

const Deleted = z.object({ deleted: z.boolean().describe("Whether it is gone") });
const server = defineServer({
  name: "bin",
  version: "1.0.0",
  tools: [
    defineTool({
      name: "delete_thing",
      title: "Delete",
      description: "Deletes the thing, after asking.",
      inputSchema: z.object({}),
      outputSchema: Deleted,
      handler: async (_input, call) => {
        const schema = z.object({ sure: z.boolean().describe("Whether to delete it") });
        const answer = await call.elicit({ message: "Delete it?", schema });
        if (answer.action === "accept" && answer.content.sure) return { deleted: true };
        const why = explainUnapproved(answer, { state: "The thing is still there." });
        return withContent({ deleted: false }, { type: "text", text: why });
      },
    }),
  ],
});

describe.each(WIRES)("%s", (wire) => {
  test.each([
    [
      "declines",
      () => ({ action: "decline" }),
      /^The user declined\. The thing is still there\. .*unless the user asks/,
    ],
    ["sends the form with a no", () => ({ action: "accept", content: { sure: false } }), /^The user declined\./],
    ["closes the question", () => ({ action: "cancel" }), /^The user closed the question.* still there\. .*call again/],
    ["cannot be asked", undefined, /^This client cannot ask its user\. The thing is still there\. .*elicitation/],
  ])("a user who %s: the text says so, and what would work", async (_who, onElicit, said) => {
    const client = await connect(server, { wire, ...(onElicit && { onElicit }) });
    const { isError, data, content } = await client.call("delete_thing");
    expect({ isError, data }).toEqual({ isError: false, data: { deleted: false } });
    expect(content.map((block) => (block.type === "text" ? block.text : "")).at(-1)).toMatch(said);
    await client.close();
  });
});

// In the 2026 era the client asks by itself, and its own failure never reaches the server.
test.each(WIRES.filter((wire) => wire.endsWith("2025")))(
  "%s: a client that fails to ask: the text says so, and what would work",
  async (wire) => {
    const onElicit = () => {
      throw new Error("no window");
    };
    const client = await connect(server, { wire, onElicit });
    expect(await client.call("delete_thing")).toMatchObject({
      isError: true,
      text: expect.stringMatching(/could not get an answer.*nothing more was done.*conversation/),
    });
    await client.close();
  },
);
