/** The scenarios that a server is drilled for, each with a page of what to do. */
export type Scenario =
  | "spike"
  | "slow-dependency"
  | "incompatible-payloads"
  | "environment-drift"
  | "access-policy-change"
  | "background-backlog";

/** Where the page is, from the root of the project. */
export const runbook = (scenario: Scenario): string => `docs/runbooks/${scenario}.md`;
