export type { HttpOptions } from "../protocol/http/options.ts";
export { type Contract, diffContracts, type Json, readContract } from "../surface/contract.ts";
export type { LogLevel } from "../telemetry/log.ts";
export {
  type CheckOptions,
  type CheckResult,
  checkServer,
  type MadeServer,
  type Open,
  type PreparedServer,
} from "./check.ts";
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
export { type Fault, type FaultUpstream, type SeenRequest, serveFaults } from "./faults.ts";
export { type FuzzOptions, fuzzServer } from "./fuzz.ts";
export { checkLock, writeLock } from "./lock.ts";
export { readContractOver } from "./read-contract-over.ts";
export type { Input, Requirement, Samples, Subject, ToolSamples } from "./requirements/requirement.ts";
export { requirements } from "./requirements.ts";
export { type SpawnedClient, type SpawnOptions, spawn } from "./spawn.ts";
export { noChromium } from "./views/chromium.ts";
export { type ShownView, type ShowOptions, showView } from "./views/show-view.ts";
