import { z } from "zod";
import type { CallContext, ElicitAnswer, Tool } from "../../src/index.ts";
import { Nothing, textTool } from "./text-tool.ts";

const Name = z.object({ name: z.string().describe("Your name") });
const Confirmation = z.object({ ok: z.boolean().describe("Whether to go on") });

const titled = (value: string, title: string) => z.literal(value).meta({ title });

const answered = (answer: ElicitAnswer<unknown>): string =>
  `Elicitation completed: action=${answer.action}, content=${JSON.stringify("content" in answer ? answer.content : {})}`;

const askName = (call: CallContext) => call.elicit({ key: "user_name", message: "What is your name?", schema: Name });

const askModel = (call: CallContext, text: string) =>
  call.sample({ messages: [{ role: "user", content: { type: "text", text } }], maxTokens: 100 });

/** Tools that ask the client, its user or its model. */
export const questions = (): Tool[] => [
  textTool(
    "test_sampling",
    "Asks the client's model.",
    z.object({ prompt: z.string().describe("What to ask it") }),
    async ({ prompt }, call) => `LLM response: ${JSON.stringify(await askModel(call, prompt))}`,
    ["sampling"],
  ),
  textTool("test_missing_capability", "Cannot do without the client's model.", Nothing, () => "There is one.", [
    "sampling",
  ]),
  textTool(
    "test_elicitation",
    "Asks the user for a name and an address.",
    z.object({ message: z.string().describe("The question") }),
    async ({ message }, call) => {
      const schema = z.object({
        username: z.string().describe("Your answer"),
        email: z.string().describe("Your mail address"),
      });
      return answered(await call.elicit({ message, schema }));
    },
    ["elicitation"],
  ),
  textTool("test_streaming_elicitation", "Asks the user in the middle of its work.", Nothing, async (_input, call) => {
    call.progress(1, 2);
    return answered(await askName(call));
  }),
  textTool(
    "test_elicitation_sep1034_defaults",
    "Asks with a default for every kind of field.",
    Nothing,
    async (_input, call) => {
      const schema = z.object({
        name: z.string().default("John Doe").describe("Name"),
        age: z.int().default(30).describe("Age"),
        score: z.number().default(95.5).describe("Score"),
        status: z.enum(["active", "inactive", "pending"]).default("active").describe("Status"),
        verified: z.boolean().default(true).describe("Whether it is verified"),
      });
      return answered(await call.elicit({ message: "Please check these values.", schema }));
    },
  ),
  textTool("test_elicitation_sep1330_enums", "Asks with every kind of choice.", Nothing, async (_input, call) => {
    const schema = z.object({
      untitledSingle: z.enum(["option1", "option2", "option3"]).describe("One of three"),
      titledSingle: z
        .union([titled("value1", "First Option"), titled("value2", "Second Option"), titled("value3", "Third Option")])
        .describe("One of three with titles"),
      legacyEnum: z
        .enum(["opt1", "opt2", "opt3"])
        .meta({ enumNames: ["Option One", "Option Two", "Option Three"] })
        .describe("One of three, with titles as they used to be"),
      untitledMulti: z.array(z.enum(["option1", "option2", "option3"])).describe("Some of three"),
      titledMulti: z
        .array(
          z.union([
            titled("value1", "First Choice"),
            titled("value2", "Second Choice"),
            titled("value3", "Third Choice"),
          ]),
        )
        .describe("Some of three with titles"),
    });
    return answered(await call.elicit({ message: "Please choose.", schema }));
  }),
  textTool(
    "test_input_required_result_elicitation",
    "Asks the user's name and greets.",
    Nothing,
    async (_input, call) => {
      const answer = await askName(call);
      return answer.action === "accept" ? `Hello, ${answer.content.name}!` : "Hello!";
    },
  ),
  textTool(
    "test_input_required_result_sampling",
    "Asks the client's model a question.",
    Nothing,
    async (_input, call) => JSON.stringify(await askModel(call, "What is the capital of France?")),
  ),
  textTool("test_input_required_result_list_roots", "Asks for the client's folders.", Nothing, async (_input, call) =>
    JSON.stringify(await call.roots()),
  ),
  ...["test_input_required_result_request_state", "test_input_required_result_tampered_state"].map((name) =>
    textTool(name, "Asks for a confirmation.", Nothing, async (_input, call) => {
      const answer = await call.elicit({ key: "confirm", message: "Please confirm", schema: Confirmation });
      return answer.action === "accept" ? "state-ok" : answer.action;
    }),
  ),
  textTool(
    "test_input_required_result_multiple_inputs",
    "Asks three questions together.",
    Nothing,
    async (_input, call) =>
      JSON.stringify(await Promise.all([askName(call), askModel(call, "Generate a greeting"), call.roots()])),
  ),
  textTool(
    "test_input_required_result_capabilities",
    "Asks the user or the model, as the client allows.",
    Nothing,
    async (_input, call) => JSON.stringify(await Promise.all([askName(call), askModel(call, "Generate a greeting")])),
  ),
  textTool(
    "test_input_required_result_multi_round",
    "Asks two questions, one after the other.",
    Nothing,
    async (_input, call) => {
      const name = await call.elicit({ key: "step1", message: "Step 1: What is your name?", schema: Name });
      const Color = z.object({ color: z.string().describe("A colour") });
      const color = await call.elicit({ key: "step2", message: "Step 2: What is your favorite color?", schema: Color });
      return [name, color].map(answered).join("\n");
    },
  ),
];
