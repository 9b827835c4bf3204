import type { IncomingMessage, ServerResponse } from "node:http";

/** The floor over HTTP: JSON in and JSON out, nothing checked. */
export function answerBare(request: IncomingMessage, response: ServerResponse): void {
  let body = "";
  request.setEncoding("utf8").on("data", (piece: string) => {
    body += piece;
  });
  request.on("end", () => {
    const { id, params } = JSON.parse(body);
    const text = params.arguments?.text.repeat(params.arguments.times) ?? "";
    const data = { text, length: text.length };
    const result = { content: [{ type: "text", text: JSON.stringify(data) }], structuredContent: data };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
}
