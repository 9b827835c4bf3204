import type { App } from "../call/app.ts";

/** How the gate stands, as far as it says. */
export interface GateState {
  limit?: number;
  running: number;
  waiting: number;
  mode?: string;
  refused?: Readonly<Record<string, number>>;
}

/** How a dependency stands. */
export interface DependencyState {
  breaker: string;
  limit: number;
  inFlight: number;
  waiting: number;
  calls: number;
  hits: number;
  retries: number;
  failures: number;
  refused: number;
  fallbacks: number;
}

/** The gate's own snapshot, where it makes one. */
export function gateState({ gate }: App): GateState {
  if ("snapshot" in gate) return (gate as unknown as { snapshot(): GateState }).snapshot();
  return { running: gate.running, waiting: gate.waiting };
}

/** A snapshot of each dependency that the server was given, by name. */
export function dependencyStates({ definition }: App): [name: string, state: DependencyState][] {
  if (!("dependencies" in definition)) return [];
  const dependencies = definition.dependencies as ReadonlyMap<string, { snapshot(): DependencyState }>;
  return [...dependencies].map(([name, dependency]) => [name, dependency.snapshot()]);
}
