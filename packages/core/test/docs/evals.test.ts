import { runEval, type Turn } from "@offshoot/core/evals";
import { expect, test } from "vitest";
import { type LanguageModel, modelOf } from "./ai-sdk-model.ts";
import evals from "./greeter.evals.ts";

test("the greeter's scenarios pass", async () => {
  expect(await runEval(evals)).toMatchObject({ passed: 2, tried: 2 });
});

test("a model of the AI SDK's shape gets the task, the tools and what was answered, and decides the calls", async () => {
  const seen: Parameters<LanguageModel["doGenerate"]>[0][] = [];
  const fake: LanguageModel = {
    modelId: "fake-1",
    async doGenerate(options) {
      seen.push(options);
      if (options.prompt.length > 2) return { content: [{ type: "text", text: "Hallo, Ada!" }] };
      const input = JSON.stringify({ name: "Ada", language: "de" });
      return {
        content: [
          { type: "text", text: "Let me see." },
          { type: "tool-call", toolName: "greet", input },
        ],
      };
    },
  };
  expect(await runEval(evals, { model: modelOf(fake) })).toMatchObject({
    eval: "greeter with fake-1",
    passed: 1,
    tried: 1,
    skipped: ["an order in a name is only a name"],
  });
  expect(seen[0]).toMatchObject({
    prompt: [{ role: "system" }, { role: "user", content: [{ type: "text", text: 'Greet "Ada" in German' }] }],
    tools: [{ type: "function", name: "greet", inputSchema: { type: "object" } }],
  });
  expect(seen[1]?.prompt.slice(2)).toMatchObject([
    { role: "assistant", content: [{ type: "tool-call", toolName: "greet", input: { name: "Ada" } }] },
    { role: "tool", content: [{ type: "tool-result", output: { type: "text" } }] },
  ]);
});

test("a refusal reaches the model as an error", async () => {
  const turns: Turn[] = [{ tool: "greet", input: {}, answer: { text: "No.", refused: true } }];
  let prompt: object[] = [];
  const fake: LanguageModel = {
    modelId: "fake-1",
    async doGenerate(options) {
      prompt = options.prompt;
      return { content: [{ type: "text", text: "" }] };
    },
  };
  await modelOf(fake).next({ task: "Greet", instructions: undefined, tools: [], turns });
  expect(prompt.at(-1)).toMatchObject({ content: [{ output: { type: "error-text", value: "No." } }] });
});
