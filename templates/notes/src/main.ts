#!/usr/bin/env node
import { loadConfig, orExit, serve } from "@offshoot/core/serve";
import manifest from "../package.json" with { type: "json" };
import { Config, examples, foldersOf } from "./config.ts";
import { openNotes } from "./domain/notes.ts";
import { backUp } from "./domain/store/backup.ts";
import { notesServer } from "./server.ts";

const { version, description } = manifest;
const config = loadConfig(Config, { name: "offshoot-notes", version, description, envPrefix: "NOTES", examples });
const folders = foldersOf(config);
if (config.backup !== undefined) {
  const { folder, notes, bytes } = await orExit(backUp(folders.data, config.backup));
  process.stdout.write(`${notes} notes (${bytes} bytes) are in ${folder}. Start a server on them with --data.\n`);
} else {
  const notes = await orExit(openNotes({ store: config.store, most: config.maxNotes, ...folders }));
  await serve(notesServer(notes, config), { config, onClose: () => notes.close() });
}
