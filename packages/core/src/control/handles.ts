import type { App } from "../call/app.ts";

/** What an operator can turn, beside profile and log level. */
export interface Handles {
  /** The gate's limits, where they can be changed while it runs. */
  limits:
    | { current(): Record<string, number>; configure(limits: Record<string, number>, by: string): void }
    | undefined;
  /** How to hold the breaker of each dependency. */
  breakers: ReadonlyMap<string, (state: "open" | "closed" | "auto", by: string) => void>;
}

interface Configurable {
  readonly limits: Readonly<Record<string, number>>;
  configure(changes: Record<string, number>, by: string): void;
}

interface Forcible {
  force(state: "open" | "closed" | "auto", who: { by: string }): void;
}

/** The handles of a running server. Each emits a control event before it changes, and nothing when it does not. */
export function handlesOf({ gate, definition }: App): Handles {
  const configurable = "configure" in gate ? (gate as unknown as Configurable) : undefined;
  const dependencies = "dependencies" in definition ? (definition.dependencies as ReadonlyMap<string, Forcible>) : [];
  return {
    limits: configurable && {
      current: () => ({ ...configurable.limits }),
      configure(wanted, by) {
        const changed = Object.entries(wanted).filter(([name, value]) => configurable.limits[name] !== value);
        if (changed.length > 0) configurable.configure(Object.fromEntries(changed), by);
      },
    },
    breakers: new Map([...dependencies].map(([name, one]) => [name, (state, by) => one.force(state, { by })])),
  };
}
