/**
 * What one client does with the built servers, over one transport: `node trial.ts <adapter> <stdio|http> <folder> <file>`.
 * A process of its own for each, because clients leave things running; the cells go into the file, as JSON.
 */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { pictureIn } from "./picture.ts";
import { makeServer, type Server, type Transport } from "./servers.ts";
import type { Adapter, Session } from "./session.ts";
import type { Cells } from "./table.ts";
import { asksUser, cancels, cut, eraOf, leave, listsAll, readable, survivesRestart, tellsFailure } from "./tries.ts";

const [adapter, transport, folder, file] = process.argv.slice(2) as [string, Transport, string, string];
const { open } = (await import(pathToFileURL(adapter).href)) as Adapter;

const cells: Cells = {};
let asked = false;

/** One call of each template. */
const CALLS: Record<string, { tool: string; input: object; expected: string }> = {
  notes: { tool: "create_note", input: { title: "Kept", body: "by a client" }, expected: "Kept" },
  filesystem: { tool: "write_file", input: { path: "kept.txt", content: "by a client" }, expected: "kept.txt" },
  "http-api": { tool: "get_order", input: { id: "o1" }, expected: "o1" },
};

for (const [template, { tool, input, expected }] of Object.entries(CALLS)) {
  const shared = async (name: keyof Cells, work: () => Promise<string>): Promise<void> => {
    const text = await outcome(work);
    if (cells[name] === undefined || cells[name] === "ok") cells[name] = text === "ok" ? text : `${template}: ${text}`;
  };
  await withServer(template, async (server) => {
    let session: Session | undefined;
    await shared("connect", async () => {
      session = await connect(server);
      return "ok";
    });
    if (session === undefined) return;
    const opened = session;
    await shared("list", () => listsAll(opened, template));
    await shared("call", async () => {
      const text = readable(await opened.call(tool, input));
      return text.includes(expected) ? "ok" : `brought ${cut(text)}`;
    });
    if (template === "notes") {
      cells.error = await outcome(() => tellsFailure(opened));
      cells.question = await outcome(() => asksUser(opened, () => asked));
    }
    if (template === "filesystem")
      cells.picture = await outcome(async () => pictureIn(await opened.call("read_media_file", { path: "dot.png" })));
    await closeSession(opened);
  });
}
await withServer("lab", async (server) => {
  cells.cancel = await outcome(() =>
    withSession(server, async (session) => {
      cells.era = await eraOf(session);
      return cancels(session);
    }),
  );
  const end = (session: Session) => (transport === "http" ? server.restart() : leave(session));
  cells.restart = await outcome(() =>
    withSession(server, (session) =>
      survivesRestart(
        session,
        () => end(session),
        () => connect(server),
      ),
    ),
  );
});
writeFileSync(file, JSON.stringify(cells));
process.exit(0);

function connect({ where }: Server): Promise<Session> {
  return open(where, () => {
    asked = true;
    return { action: "accept", content: { delete: true } };
  });
}

async function withServer(name: string, work: (server: Server) => Promise<void>): Promise<void> {
  const server = await makeServer(name, transport, folder);
  await work(server);
  await server.close();
}

async function withSession(server: Server, work: (session: Session) => Promise<string>): Promise<string> {
  const session = await connect(server);
  try {
    return await work(session);
  } finally {
    await closeSession(session);
  }
}

/** `ok`, or what came in its place. */
function outcome(work: () => Promise<string>): Promise<string> {
  const late = sleep(120_000, "no answer within 120 s", { ref: false });
  return Promise.race([work().catch((error: unknown) => cut(readable(error))), late]);
}

/** A client whose server is gone may wait for it. */
async function closeSession(session: Session): Promise<void> {
  await Promise.race([session.close().catch(() => {}), sleep(2_000, undefined, { ref: false })]);
}
