// #region observed
import { type Alert, loadConfig, serve } from "@offshoot/core/serve";
import { z } from "zod";
import { greeter } from "./greeter.ts";

const config = loadConfig(z.object({}), {
  name: "greeter",
  version: "1.0.0",
  description: "greets people",
  envPrefix: "GREETER",
});
const tell = ({ severity, state, cause, runbook }: Alert): void =>
  console.error(`${severity} ${state}: ${cause}. What to do: ${runbook}`);
await serve(greeter, { config, slo: { objective: 0.999, slowMs: 2_000, onAlert: tell } });
// #endregion
