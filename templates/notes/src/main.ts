#!/usr/bin/env node
import { loadConfig, orExit, serve } from "@offshoot/core/serve";
import manifest from "../package.json" with { type: "json" };
import { Config, examples, foldersOf, storeOf } from "./config.ts";
import { openNotes } from "./domain/notes.ts";
import { runOnce } from "./once.ts";
import { notesServer } from "./server.ts";

const { version, description } = manifest;
const config = loadConfig(Config, { name: "offshoot-notes", version, description, envPrefix: "NOTES", examples });
const done = await orExit(() => runOnce(config));
if (done !== undefined) {
  process.stdout.write(`${done}\n`);
} else {
  const { exchange } = foldersOf(config);
  const notes = await orExit(() => openNotes({ ...storeOf(config), most: config.maxNotes, exchange }));
  await serve(notesServer(notes, config), { config, onClose: () => notes.close() });
}
