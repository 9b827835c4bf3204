// The floor over HTTP: Node's own server.
import { createServer } from "node:http";
import { answerBare } from "./answer-bare.ts";

const server = createServer(answerBare);
server.listen(0, "127.0.0.1", () => {
  process.stderr.write(`listens on http://127.0.0.1:${(server.address() as { port: number }).port}/mcp\n`);
});
