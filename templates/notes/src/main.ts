#!/usr/bin/env node
import { loadConfig, orExit, serve } from "@offshoot/core/serve";
import manifest from "../package.json" with { type: "json" };
import { Config, examples, foldersOf } from "./config.ts";
import { openNotes } from "./domain/notes.ts";
import { notesServer } from "./server.ts";

const { version, description } = manifest;
const config = loadConfig(Config, { name: "offshoot-notes", version, description, envPrefix: "NOTES", examples });
const notes = await orExit(openNotes({ store: config.store, ...foldersOf(config) }));
await serve(notesServer(notes), { config, onClose: () => notes.close() });
