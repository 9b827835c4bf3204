import type { Tool } from "../contract/tool.ts";
import type { Call } from "./call.ts";

/** Where the rollout of one tool's candidate stands. */
export interface RolloutState {
  tool: string;
  stage: string;
  order: string;
  /** Of callers, in percent. */
  share: number;
  failedGates: number;
}

/** Has the candidates of tools answer their share of the calls. There are none unless a tool has a candidate. */
export interface Rollouts {
  /** Runs the handler of the side that this call is on. */
  run(tool: Tool, input: unknown, call: Call): unknown;
  /** Begins: from now on the gates judge. */
  begin(): void;
  /** What an operator wants, by tool; `auto` of what is left out. @throws Error when it cannot be kept */
  order(orders: ReadonlyMap<string, string>, by: string): void;
  snapshot(): RolloutState[];
  close(): void;
}
