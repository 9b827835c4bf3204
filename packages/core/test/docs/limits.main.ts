// #region main
import { serve } from "@offshoot/core/serve";
import { searcher } from "./limits.ts";

await serve(searcher, { limits: { maxRunning: 16, timeoutMs: 20_000, callsPerSecond: 10 } });
// #endregion
