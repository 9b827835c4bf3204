import { z } from "zod";
import { loadConfig, serve } from "../../src/serve.ts";
import { createFixture } from "./fixture.ts";

const server = createFixture();
const config = loadConfig(z.object({}), {
  name: "conformance",
  version: server.version,
  description: "The server that the conformance suite talks to",
  envPrefix: "CONFORMANCE",
});
await serve(server, { config: { ...config, transport: "http" } });
