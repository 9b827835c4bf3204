import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clients as allClients, type PinnedClient } from "../clients/pinned.ts";
import type { Transport } from "../clients/servers.ts";
import { type ClientRow, labelOf, writeTable, wrongIn } from "../clients/table.ts";
import { command, must } from "../command.ts";
import { inLanes, type Report } from "../row.ts";

const here = join(import.meta.dirname, "../clients");

/**
 * Real clients × transports on the built bins of the templates, without a model: connect, list, call, error, picture,
 * question, cancel, restart. Each is installed from the registry at its pinned version, into a folder of its own, and
 * driven by a file of adapters/. With `write`, the cells go into docs/clients.md.
 */
export async function clients(
  { only, lanes, write }: { only: readonly string[]; lanes: number; write: boolean },
  report: Report,
): Promise<void> {
  const chosen = allClients.filter(({ adapter }) => only.length === 0 || only.includes(adapter));
  const scratch = mkdtempSync(join(tmpdir(), "offshoot-clients-"));
  const rows: ClientRow[] = [];
  try {
    await inLanes([...chosen.entries()], lanes, async ([index, client]) => {
      const folder = join(scratch, String(index));
      await install(client, folder);
      for (const transport of ["stdio", "http"] as const) {
        if (client[transport] === undefined) continue;
        const began = Date.now();
        const { cells, output } = await trial(client, transport, folder);
        const row = { client, transport, cells };
        rows.push(row);
        const wrong = wrongIn(row);
        const head = { part: "clients", what: `${labelOf(client)} over ${transport}`, ms: Date.now() - began };
        const told = wrong.length === 0 ? `era ${cells.era}` : wrong.join("; ");
        report({ ...head, ok: wrong.length === 0, told, output });
      }
      rmSync(folder, { recursive: true, force: true });
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const place = ({ client, transport }: ClientRow): number =>
    allClients.indexOf(client) * 2 + (transport === "http" ? 1 : 0);
  if (write && only.length === 0) writeTable(rows.toSorted((a, b) => place(a) - place(b)));
}

async function install({ packages }: PinnedClient, folder: string): Promise<void> {
  cpSync(join(here, "adapters"), folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  await must(["npm", "install", ...flags, ...wanted], folder);
}

async function trial({ adapter }: PinnedClient, transport: Transport, folder: string) {
  const data = join(folder, `data-${transport}`);
  mkdirSync(data);
  const file = join(data, "cells.json");
  const words = [process.execPath, join(here, "trial.ts"), join(folder, `${adapter}.js`), transport, data, file];
  const { ok, output } = await command(words, folder, process.env);
  const cells: ClientRow["cells"] = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  // The servers' own log lines say nothing of what went wrong in the client.
  const lines = output.split("\n").filter((line) => !line.startsWith('{"level"'));
  return ok ? { cells } : { cells, output: lines.slice(-12).join("\n") };
}
