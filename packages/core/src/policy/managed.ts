import type { Policy, PolicyWhat } from "../contract/policy.ts";

const reads: PolicyWhat = { readOnly: true, resources: ["*"], prompts: ["*"] };
const scoped: PolicyWhat = { scoped: true, tools: ["*"], resources: ["*"], prompts: ["*"] };
const ownUser = { name: "the user of this machine", who: "local", what: "everything", decision: "allow" } as const;

/** The policies that every server has by name (`--profile`), from the narrowest that everyone can live with on. */
export const managedPolicies: Readonly<Record<string, Policy>> = {
  "read-only": {
    description: "nobody changes anything",
    default: "deny",
    rules: [{ name: "reading", who: "everyone", what: reads, decision: "allow" }],
  },
  local: {
    description: "everyone who reaches the server may do everything, as without a policy",
    default: "allow",
    rules: [],
  },
  standard: {
    description: "who is not known only reads",
    default: "deny",
    rules: [
      ownUser,
      { name: "callers that are known", who: "authenticated", what: "everything", decision: "allow" },
      { name: "reading", who: "everyone", what: reads, decision: "allow" },
    ],
  },
  strict: {
    description: "who is not known gets nothing, the others what names the scopes they hold",
    default: "deny",
    rules: [ownUser, { name: "what names its scopes", who: "authenticated", what: scoped, decision: "allow" }],
  },
};
