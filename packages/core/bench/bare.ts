// The floor: the answers of raw-v1.ts from a loop that checks nothing. No server can use less, and none should be this.

interface Request {
  id?: number;
  method: string;
  params: { arguments: { text: string; times: number; name: string } };
}

const described = (type: string, description: string) => ({ type, description });
const tool = {
  name: "repeat_text",
  title: "Repeat text",
  description: "Repeats a text and counts its characters.",
  inputSchema: {
    type: "object",
    properties: { text: described("string", "What to repeat"), times: described("integer", "How often") },
  },
  outputSchema: {
    type: "object",
    properties: {
      text: described("string", "The repeated text"),
      length: described("integer", "Its length in characters"),
    },
  },
};

function answer({ method, params }: Request): object {
  if (method === "tools/call") {
    const text = params.arguments.text.repeat(params.arguments.times);
    const data = { text, length: text.length };
    return { content: [{ type: "text", text: JSON.stringify(data) }], structuredContent: data };
  }
  if (method === "tools/list") return { tools: [tool] };
  if (method === "resources/read") return { contents: [{ uri: "small://about", text: "A small server." }] };
  if (method === "prompts/get") {
    return { messages: [{ role: "user", content: { type: "text", text: `Greet ${params.arguments.name}.` } }] };
  }
  const serverInfo = { name: "small", version: "1.0.0" };
  return { protocolVersion: "2025-11-25", capabilities: { tools: {}, resources: {}, prompts: {} }, serverInfo };
}

let rest = "";
process.stdin.setEncoding("utf8").on("data", (chunk: string) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() as string;
  let answers = "";
  for (const line of lines) {
    const request = JSON.parse(line) as Request;
    if (request.id !== undefined) {
      answers += `${JSON.stringify({ jsonrpc: "2.0", id: request.id, result: answer(request) })}\n`;
    }
  }
  if (answers !== "") process.stdout.write(answers);
});
