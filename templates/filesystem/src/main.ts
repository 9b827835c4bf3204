#!/usr/bin/env node
import { loadConfig, orExit, serve } from "@offshoot/core/serve";
import manifest from "../package.json" with { type: "json" };
import { Config, examples, openOptions, positionals } from "./config.ts";
import { openFiles } from "./domain/open-files.ts";
import { filesystemServer } from "./server.ts";

const { version, description } = manifest;
const name = "offshoot-filesystem";
const config = loadConfig(Config, { name, version, description, envPrefix: "FILESYSTEM", positionals, examples });
const files = await orExit(openFiles(openOptions(config)));
await serve(filesystemServer(files, config), { config, onClose: () => files.close() });
