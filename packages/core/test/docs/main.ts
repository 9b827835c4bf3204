// #region main
import { loadConfig, serve } from "@offshoot/core/serve";
import { z } from "zod";
import { greeter } from "./greeter.ts";

const config = loadConfig(z.object({}), {
  name: "greeter",
  version: "1.0.0",
  description: "greets people",
  envPrefix: "GREETER",
});
await serve(greeter, { config });
// #endregion
