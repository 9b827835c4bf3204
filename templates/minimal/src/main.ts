#!/usr/bin/env node
import { loadConfig, serve } from "@offshoot/core/serve";
import { z } from "zod";
import manifest from "../package.json" with { type: "json" };
import { glossaryServer } from "./server.ts";

const Config = z.object({
  glossary: z.string().min(1).optional().describe("JSON file or address of the terms (default: a few built-in ones)"),
});
const { version, description } = manifest;
const config = loadConfig(Config, { name: "offshoot-minimal", version, description, envPrefix: "MINIMAL" });
await serve(glossaryServer(config.glossary), { config });
