import { z } from "zod";
import { definePrompt, embeddedResource, image, type Prompt } from "../../src/index.ts";
import { png } from "./media.ts";

const Context = z.object({ context: z.string().describe("What it is about") });

export const prompts = (): Prompt[] => [
  definePrompt({
    name: "test_simple_prompt",
    title: "Simple",
    description: "One message.",
    handler: () => "This is a simple prompt for testing.",
  }),
  definePrompt({
    name: "test_prompt_with_arguments",
    title: "With arguments",
    description: "One message that repeats its arguments.",
    arguments: z.object({
      arg1: z.string().describe("First test argument"),
      arg2: z.string().describe("Second test argument"),
    }),
    complete: { arg1: (typed) => ["test", "text", "park"].filter((value) => value.startsWith(typed)) },
    handler: ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`,
  }),
  definePrompt({
    name: "test_prompt_with_embedded_resource",
    title: "With a resource",
    description: "A resource, and what to do with it.",
    arguments: z.object({ resourceUri: z.string().describe("URI of the resource to embed") }),
    handler: ({ resourceUri }) => [
      {
        role: "user",
        content: embeddedResource({
          uri: resourceUri,
          mimeType: "text/plain",
          text: "Embedded resource content for testing.",
        }),
      },
      { role: "user", content: "Please process the embedded resource above." },
    ],
  }),
  definePrompt({
    name: "test_prompt_with_image",
    title: "With an image",
    description: "An image, and what to do with it.",
    handler: () => [
      { role: "user", content: image(png, "image/png") },
      { role: "user", content: "Please analyze the image above." },
    ],
  }),
  definePrompt({
    name: "test_input_required_result_prompt",
    title: "With a question",
    description: "Asks the user before it makes its message.",
    handler: async (_input, call) => {
      const answer = await call.elicit({
        key: "user_context",
        message: "What context should the prompt use?",
        schema: Context,
      });
      return `Consider this: ${answer.action === "accept" ? answer.content.context : "nothing"}`;
    },
  }),
];
