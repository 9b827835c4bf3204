// The same over HTTP: 16 connections, each with a call on its way, with no socket and no client. `stateless`, `sessions`,
// `2026`, or `bare`: Node's own server, and nothing checked.
import { createServer, Server } from "node:http";
import { Duplex } from "node:stream";
import { createApp } from "../src/app.ts";
import * as core from "../src/index.ts";
import { serveHttp } from "../src/protocol/http/http.ts";
import { createLog } from "../src/telemetry/log.ts";
import { answerBare } from "./answer-bare.ts";
import { inputOf, META } from "./conversation.ts";
import { CHUNK, printSlices } from "./slices.ts";
import { createSmall } from "./small.ts";

const mode = process.argv[2] as "stateless" | "sessions" | "2026" | "bare";
const server = mode === "bare" ? createServer(answerBare) : await ours();

async function ours(): Promise<Server> {
  const { listen } = Server.prototype;
  let made: Server | undefined;
  Server.prototype.listen = function (this: Server, ...given: unknown[]) {
    made = this;
    return Reflect.apply(listen, this, given);
  } as typeof listen;
  const app = createApp(createSmall(core), { log: createLog("info", { write: () => {} }) });
  await serveHttp(app, { sessions: mode === "stateless" ? "stateless" : "stateful" });
  return made as Server;
}

/** A connection: takes bytes of a request, and resolves with the whole response. */
function connect() {
  let said = "";
  let woken = (_said: string): void => {};
  const socket = new Duplex({
    read() {},
    decodeStrings: false,
    write(piece: string | Buffer, _encoding, done) {
      said += piece;
      if (isWhole(said)) woken(said);
      done();
    },
    writev(pieces, done) {
      for (const { chunk } of pieces) said += chunk;
      if (isWhole(said)) woken(said);
      done(null);
    },
  });
  server.emit("connection", Object.assign(socket, { setTimeout() {}, setNoDelay() {}, setKeepAlive() {} }));
  return (request: Buffer): Promise<string> => {
    said = "";
    return new Promise((resolve) => {
      woken = resolve;
      socket.push(request);
    });
  };
}

/** Whether a response has all its body, which has a length or ends in an empty chunk. */
function isWhole(said: string): boolean {
  const head = said.indexOf("\r\n\r\n");
  if (head === -1) return false;
  const length = /^content-length: (\d+)/im.exec(said)?.[1];
  return length === undefined ? said.endsWith("0\r\n\r\n") : said.length >= head + 4 + Number(length);
}

const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": mode === "2026" ? "2026-07-28" : "2025-11-25",
  ...(mode === "2026" && { "mcp-method": "tools/call", "mcp-name": "repeat_text" }),
  connection: "keep-alive",
  host: "127.0.0.1:3000",
};
function requestOf(message: object, headers: Record<string, string> = HEADERS): Buffer {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  const head = Object.entries({ ...headers, "content-length": body.length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from(`POST /mcp HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n${body}`);
}

const connections = Array.from({ length: CHUNK }, connect);
const [first = connect()] = connections;
let headers: Record<string, string> = HEADERS;
if (mode === "sessions") {
  const clientInfo = { name: "bench", version: "1.0.0" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const welcome = await first(requestOf({ id: 0, method: "initialize", params }));
  headers = { ...HEADERS, "mcp-session-id": /^mcp-session-id: (\S+)/im.exec(welcome)?.[1] as string };
}
const call = (id: number): Buffer => {
  const params = { name: "repeat_text", arguments: inputOf(id), ...(mode === "2026" && { _meta: META }) };
  return requestOf({ id, method: "tools/call", params }, headers);
};
const [answer, wanted] = [await first(call(1)), JSON.stringify(inputOf(1).text.repeat(2))];
if (!answer.includes(`"text":${wanted}`)) throw new Error(`not the answer: ${answer}`);
await printSlices((from) => {
  const requests = connections.map((_, index) => call(from + index));
  return async () => {
    await Promise.all(connections.map((send, index) => send(requests[index] as Buffer)));
  };
}, 30);
process.exit();
