#!/usr/bin/env node
import { loadConfig, orExit, serve } from "@offshoot/core/serve";
import manifest from "../package.json" with { type: "json" };
import { Config, examples } from "./config.ts";
import { flawLines } from "./domain/openapi/document/pointer.ts";
import { onNote } from "./domain/schemas/check.ts";
import { openApi } from "./open.ts";
import { httpApiServer } from "./server.ts";

const { version, description } = manifest;
const config = loadConfig(Config, { name: "offshoot-http-api", version, description, envPrefix: "HTTP_API", examples });
const opened = await orExit(openApi(config));
const caps = { tools: config.maxTools, tokens: config.maxTokens };
const server = await orExit(() => httpApiServer(opened, { caps, readOnly: config.profile === "read-only" }));
// On stderr, because stdout carries the protocol.
const say = (line: string): unknown => config.logLevel !== "silent" && process.stderr.write(`${line}\n`);
if (opened.digest !== undefined && config.pin === undefined) say(`${config.api} can be pinned: --pin ${opened.digest}`);
if (opened.note !== undefined) say(opened.note);
for (const line of flawLines(opened.flaws)) say(line);
onNote((line) => say(`description: ${line}`));
if (opened.credentialGoesTo.length > 0)
  say(`The server's credentials are sent to ${opened.credentialGoesTo.join(" and ")}.`);
await serve(server, { config, onClose: () => opened.close() });
