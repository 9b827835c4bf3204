// The floor over HTTP: Node's own server, JSON in and JSON out, nothing checked.
import { createServer } from "node:http";

const server = createServer((request, response) => {
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
});
server.listen(0, "127.0.0.1", () => {
  process.stderr.write(`listens on http://127.0.0.1:${(server.address() as { port: number }).port}/mcp\n`);
});
