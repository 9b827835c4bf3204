import type { Cells } from "./table.ts";

/** A client of other people's, pinned; installed when the matrix runs, never a dependency of this workspace. */
export interface PinnedClient {
  /** Its package, and what sets two rows of one package apart. */
  name: string;
  /** The file in adapters/ that drives it. */
  adapter: string;
  /** What is installed, and at which version: the client first. */
  packages: Record<string, string>;
  /** What it cannot do over stdio, in the words of the cell. Left out where it has no stdio. */
  stdio?: Cells;
  /** The same over Streamable HTTP. */
  http?: Cells;
}

const SDK = { "@modelcontextprotocol/sdk": "1.32.2" };
const AGAIN: Cells = { restart: "connect again" };
const NEVER_ASKS: Cells = { question: "cannot ask" };
const NEVER_CANCELS: Cells = { cancel: "cannot cancel" };

export const clients: readonly PinnedClient[] = [
  {
    name: "@modelcontextprotocol/sdk",
    adapter: "sdk",
    packages: SDK,
    stdio: AGAIN,
    http: AGAIN,
  },
  {
    name: "@modelcontextprotocol/sdk, an old one",
    adapter: "sdk",
    packages: { "@modelcontextprotocol/sdk": "1.10.2" },
    stdio: { ...AGAIN, ...NEVER_ASKS },
    http: { ...AGAIN, ...NEVER_ASKS },
  },
  {
    name: "@modelcontextprotocol/client, as it is by default",
    adapter: "client-2",
    packages: { "@modelcontextprotocol/client": "2.4.0" },
    stdio: AGAIN,
    http: AGAIN,
  },
  {
    name: "@modelcontextprotocol/client, pinned to 2026-07-28",
    adapter: "client-2-pinned",
    packages: { "@modelcontextprotocol/client": "2.4.0" },
    stdio: AGAIN,
    http: {},
  },
  {
    name: "@modelcontextprotocol/inspector, its command line",
    adapter: "inspector",
    packages: { "@modelcontextprotocol/inspector": "2.12.0" },
    stdio: { ...NEVER_ASKS, ...NEVER_CANCELS },
    http: { ...NEVER_ASKS, ...NEVER_CANCELS },
  },
  {
    name: "@ai-sdk/mcp",
    adapter: "ai-sdk",
    packages: { "@ai-sdk/mcp": "2.0.99", zod: "4.6.7" },
    stdio: { ...AGAIN, cancel: "does not tell the server" },
    http: {},
  },
  {
    name: "@openai/agents",
    adapter: "openai-agents",
    packages: { "@openai/agents": "0.20.0", zod: "4.6.7" },
    stdio: { ...AGAIN, ...NEVER_ASKS },
    http: NEVER_ASKS,
  },
  {
    name: "@langchain/mcp-adapters",
    adapter: "langchain",
    packages: { "@langchain/mcp-adapters": "1.1.4", "@langchain/core": "1.4.0" },
    stdio: { ...AGAIN, ...NEVER_ASKS },
    http: { ...AGAIN, ...NEVER_ASKS },
  },
  {
    name: "@mastra/mcp",
    adapter: "mastra",
    packages: { "@mastra/mcp": "2.0.0", "@mastra/core": "1.71.0", zod: "4.6.7" },
    // Of a tool with an output schema it gives the model the texts of `content` alone.
    stdio: { picture: "lost" },
    http: { picture: "lost" },
  },
  {
    name: "@genkit-ai/mcp",
    adapter: "genkit",
    packages: { "@genkit-ai/mcp": "1.42.0", genkit: "1.42.0" },
    stdio: { ...AGAIN, ...NEVER_ASKS, ...NEVER_CANCELS },
    http: { ...AGAIN, ...NEVER_ASKS, ...NEVER_CANCELS },
  },
  {
    name: "@google/genai",
    adapter: "google-genai",
    packages: { "@google/genai": "3.3.0", ...SDK },
    stdio: { ...AGAIN, ...NEVER_CANCELS, picture: "only as text" },
    http: { ...AGAIN, ...NEVER_CANCELS, picture: "only as text" },
  },
  {
    name: "mcporter",
    adapter: "mcporter",
    packages: { mcporter: "0.12.3" },
    stdio: { ...AGAIN, ...NEVER_ASKS, ...NEVER_CANCELS },
    http: { ...AGAIN, ...NEVER_ASKS, ...NEVER_CANCELS },
  },
  {
    name: "mcp-client",
    adapter: "mcp-client",
    packages: { "mcp-client": "1.13.1" },
    stdio: { ...AGAIN, ...NEVER_ASKS },
    http: { ...AGAIN, ...NEVER_ASKS },
  },
  {
    name: "mcp-remote, stdio to HTTP",
    adapter: "mcp-remote",
    packages: { "mcp-remote": "0.15.1", ...SDK },
    http: {},
  },
  {
    name: "supergateway, HTTP to stdio",
    adapter: "supergateway",
    packages: { supergateway: "4.0.0", ...SDK },
    stdio: AGAIN,
  },
  {
    name: "mcp-proxy, HTTP to stdio",
    adapter: "mcp-proxy",
    packages: { "mcp-proxy": "6.7.19", ...SDK },
    stdio: { ...AGAIN, ...NEVER_ASKS },
  },
];
