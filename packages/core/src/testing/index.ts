export { type CheckOptions, type CheckResult, checkServer, type MadeServer } from "./check.ts";
export {
  type CallOptions,
  type ClientBehaviour,
  type Reply,
  type TestClient,
  type ToolOutcome,
  WIRES,
  type Wire,
} from "./client.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export { type ContractOptions, testServerContract } from "./contract.ts";
export type { DrillCall } from "./drills/arm.ts";
export { type BacklogOptions, backlogDrill } from "./drills/backlog.ts";
export type { DrillTime } from "./drills/clock.ts";
export {
  type DrillChart,
  type DrillOptions,
  type DrillResult,
  drillLine,
  type Verdict,
} from "./drills/drill.ts";
export { type KeptRead, STALE_CONTEXT_TTL_MS } from "./drills/kept-read.ts";
export { drillReport } from "./drills/report.ts";
export { type SlowDependencyOptions, slowDependencyDrill } from "./drills/slow-dependency.ts";
export { type SpikeOptions, spikeDrill } from "./drills/spike.ts";
export { type StaleContextOptions, staleContextDrill } from "./drills/stale-context.ts";
export { type Fault, type FaultUpstream, type SeenRequest, serveFaults } from "./faults.ts";
export { type FuzzOptions, fuzzServer } from "./fuzz.ts";
export { type Contract, checkLock, diffContracts, readContract, writeLock } from "./lock.ts";
export { readContractOver } from "./read-contract-over.ts";
export type { Input, Requirement, Samples, ToolSamples } from "./requirements/requirement.ts";
export { requirements } from "./requirements.ts";
export { type SpawnedClient, type SpawnOptions, spawn } from "./spawn.ts";
