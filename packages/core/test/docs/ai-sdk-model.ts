import type { Model, Situation } from "@offshoot/core/evals";

/** The part of a language model of the AI SDK that this calls. */
export interface LanguageModel {
  modelId: string;
  doGenerate(options: { prompt: object[]; tools: object[] }): Promise<{
    content: { type: string; text?: string; toolName?: string; input?: string }[];
  }>;
}

export const modelOf = (model: LanguageModel): Model => ({
  name: model.modelId,
  async next(situation) {
    const tools = situation.tools.map(({ name, description, inputSchema }) => ({
      type: "function",
      name,
      description,
      inputSchema,
    }));
    const { content } = await model.doGenerate({ prompt: promptOf(situation), tools });
    const calls = content
      .filter(({ type }) => type === "tool-call")
      .map(({ toolName = "", input = "{}" }) => ({ tool: toolName, input: JSON.parse(input) }));
    return calls.length > 0 ? { calls } : { says: content.map(({ text = "" }) => text).join("") };
  },
});

function promptOf({ instructions = "", task, turns }: Situation): object[] {
  const said = turns.flatMap(({ tool, input, answer }, at) => {
    const call = { toolCallId: `call-${at}`, toolName: tool };
    const output = { type: answer.refused ? "error-text" : "text", value: answer.text };
    return [
      { role: "assistant", content: [{ type: "tool-call", ...call, input }] },
      { role: "tool", content: [{ type: "tool-result", ...call, output }] },
    ];
  });
  return [
    { role: "system", content: instructions },
    { role: "user", content: [{ type: "text", text: task }] },
    ...said,
  ];
}
