#!/usr/bin/env node
import { loadConfig, orExit, serve } from "@offshoot/core/serve";
import manifest from "../package.json" with { type: "json" };
import { Config, examples } from "./config.ts";
import { openApi } from "./open.ts";
import { httpApiServer } from "./server.ts";

const { version, description } = manifest;
const config = loadConfig(Config, { name: "offshoot-http-api", version, description, envPrefix: "HTTP_API", examples });
const opened = await orExit(openApi(config));
const caps = { tools: config.maxTools, tokens: config.maxTokens };
const server = await orExit(() => httpApiServer(opened, { caps, readOnly: config.profile === "read-only" }));
await serve(server, { config, onClose: () => opened.close() });
