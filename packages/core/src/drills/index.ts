export { type AccessPolicyOptions, accessPolicyDrill } from "./access-policy.ts";
export type { DrillCall } from "./arm.ts";
export { type BacklogOptions, backlogDrill } from "./backlog.ts";
export { type CanaryOptions, canaryDrill } from "./canary.ts";
export { chartSvg } from "./chart.ts";
export type { DrillTime } from "./clock.ts";
export {
  type DrillChart,
  type DrillLine,
  type DrillOptions,
  type DrillPhase,
  type DrillResult,
  type DrillUnit,
  drillLine,
  type Verdict,
} from "./drill.ts";
export { type EnvironmentDriftOptions, environmentDriftDrill } from "./environment-drift.ts";
export { type IncompatiblePayloadsOptions, incompatiblePayloadsDrill } from "./incompatible-payloads.ts";
export type { KeptRead } from "./kept-read.ts";
export { regressionDrill } from "./regression.ts";
export { drillReport } from "./report.ts";
export { type SlowDependencyOptions, slowDependencyDrill } from "./slow-dependency.ts";
export { type SpikeOptions, spikeDrill } from "./spike.ts";
export { type StaleContextOptions, staleContextDrill } from "./stale-context.ts";
export { drillSum, drillTable } from "./table.ts";
