/**
 * A short session with a template's server over stdio, told line by line as it happens. The client is the official one:
 * what you see is what Claude or VS Code sees.
 */
import { cpSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const width = Math.min(process.stdout.columns ?? 120, 120);
const short = (text) => (text.length > width ? `${text.slice(0, width - 2)} …` : text);
const json = (value) => (value === undefined ? "" : ` ${JSON.stringify(value, brief)}`);

/** Leaves out what nobody reads in a transcript: times, the tails of long texts and of long lists. */
function brief(_key, value) {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value)) return undefined;
  if (typeof value === "string" && value.length > 70) return `${value.slice(0, 69)}…`;
  return Array.isArray(value) && value.length > 2 ? [value[0], `… ${value.length - 1} more`] : value;
}

// The root depends on no SDK: only core does.
const fromCore = createRequire(new URL("../packages/core/package.json", import.meta.url));
const sdk = (path) => import(pathToFileURL(fromCore.resolve(`@modelcontextprotocol/sdk/${path}`)).href);

/** What a template shows of itself, beyond the list of its tools. */
const tours = {
  async minimal({ call, request }) {
    await call("define_term", { term: "mcp" });
    await request("resources/read", { uri: "glossary://terms" }, (client, params) => client.readResource(params));
    const prompt = { name: "explain_term", arguments: { term: "fork" } };
    await request("prompts/get", prompt, (client, params) => client.getPrompt(params));
  },
  async notes({ call, request, data }) {
    // Only the first time: every import makes new notes.
    const inbox = join(data, "exchange", "docs");
    if (!existsSync(inbox) && existsSync("docs")) {
      cpSync("docs", inbox, { recursive: true });
      await call("import_notes", { folder: "docs" });
    }
    const { id } = await call("create_note", { title: "First note", body: "Offshoot keeps a fork up to date." });
    await call("search_notes", { query: "fork" });
    await request("resources/read", { uri: `note://${id}` }, (client, params) => client.readResource(params));
    const prompt = { name: "summarize_notes", arguments: { style: "brief" } };
    await request("prompts/get", prompt, (client, params) => client.getPrompt(params));
  },
  async filesystem({ call, request, data }) {
    const path = "first/plan.md";
    await call("create_directory", { path: "first" });
    await call("write_file", { path, content: "# Plan\n\n- copy a template\n- make it yours\n" });
    const edits = [{ oldText: "make it yours", newText: "keep it up to date" }];
    const { sha256_before } = await call("edit_file", { path, edits, dryRun: true });
    await call("edit_file", { path, edits, if_sha256: sha256_before });
    await call("search_content", { path: ".", pattern: "up to date" });
    const { href } = pathToFileURL(join(data, path));
    await request("resources/read", { uri: href }, (client, params) => client.readResource(params));
    await call("undo_last", {});
  },
  async "http-api"({ call, request }) {
    await call("list_products", { query: "green", limit: 2 });
    const order = { customer: "ada", lines: [{ product: "p3", quantity: 2 }] };
    await call("create_order", { ...order, dry_run: true });
    const { data } = await call("create_order", order);
    const uri = `order://${data.id}`;
    await request("resources/read", { uri }, (client, params) => client.readResource(params));
    await call("cancel_order", { id: data.id });
    await call("products_to_restock", { below: 10 });
  },
};

export async function tour(template, command, args, data) {
  const { Client } = await sdk("client/index.js");
  const { StdioClientTransport } = await sdk("client/stdio.js");
  const transport = new StdioClientTransport({ command, args, stderr: "pipe" });
  let log = "";
  transport.stderr.on("data", (chunk) => {
    log += chunk;
  });
  const client = new Client({ name: "offshoot-start", version: "1.0.0" });

  async function request(method, params, send) {
    console.log(short(`→ ${method}${json(params)}`));
    const result = await send(client, params);
    console.log(short(`←${json(result.structuredContent ?? result.contents ?? result.messages ?? result.content)}`));
    if (result.isError) throw new Error(`${method}: ${result.content[0]?.text}`);
    return result;
  }
  const call = async (name, input) =>
    (await request(`tools/call ${name}`, input, () => client.callTool({ name, arguments: input }))).structuredContent;

  console.log(`\n$ node ${args.map((arg) => (existsSync(arg) ? relative(".", arg) : arg)).join(" ")}`);
  try {
    console.log("→ initialize");
    await client.connect(transport);
    const { name, version } = client.getServerVersion();
    console.log(`← ${name} ${version}`);
    console.log("→ tools/list");
    const { tools } = await client.listTools();
    console.log(`← ${tools.map((tool) => tool.name).join(", ")}`);
    await tours[template]?.({ call, request, data });
  } catch (error) {
    throw new Error(`${error.message}${log ? `\nThe server's own log:\n${log.trimEnd()}` : ""}`, { cause: error });
  } finally {
    await client.close();
  }
}
