import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Access } from "../call/access.ts";
import type { Policy } from "../contract/policy.ts";
import type { ServerDefinition } from "../contract/server.ts";
import type { ControlEvent } from "../control/events.ts";
import { readOwnFile } from "../control/own-file.ts";
import { SettingsError } from "../flags.ts";
import { checkRules } from "./check-rules.ts";
import { compilePolicy, itemsOf } from "./compile.ts";
import { managedPolicies } from "./managed.ts";
import { parsePolicy } from "./schema.ts";

/** Which policy: one of the server by its name, or one in a file; neither is none. */
export interface ChosenPolicy {
  profile?: string | undefined;
  policy?: string | undefined;
}

/** The server that a policy is for. */
export interface GovernedServer {
  readonly definition: ServerDefinition;
  readonly control: { record(event: ControlEvent): void };
  /** Whether there is an audit file for the calls that a policy wants recorded. */
  readonly audited: boolean;
}

/** The policies that a server has by name: those of all servers, and its own in their place or beside them. */
export const policiesOf = ({ policies }: ServerDefinition): Readonly<Record<string, Policy>> => ({
  ...managedPolicies,
  ...policies,
});

/**
 * Reads a policy, checks it against the server and makes it ready to decide. `undefined` where none is chosen.
 *
 * @throws SettingsError in one line, for a name that there is not, a file that cannot be used, and rules that cannot be meant
 */
export function openPolicy({ profile, policy: file }: ChosenPolicy, server: GovernedServer): Access | undefined {
  if (profile === undefined && file === undefined) return undefined;
  const { policy, label, where } = readPolicy({ profile, policy: file }, server.definition);
  const managed = profile !== undefined && managedPolicies[profile] === policy;
  try {
    // The ones of all servers are about tools that not every server has.
    if (!managed) checkPolicy(policy, server);
  } catch (error) {
    throw new SettingsError(`${where}: ${(error as Error).message}`, { cause: error });
  }
  return compilePolicy(policy, server.definition, { label, record: (event) => server.control.record(event) });
}

/** @throws SettingsError for what is no policy at all */
export function readPolicy(
  { profile, policy: file }: ChosenPolicy,
  definition: ServerDefinition,
): { policy: Policy; label: string; where: string } {
  if (file === undefined) {
    const policies = policiesOf(definition);
    const name = profile as string;
    const policy = Object.hasOwn(policies, name) ? policies[name] : undefined;
    if (policy === undefined)
      throw new SettingsError(`--profile ${name} is unknown. Choose one of: ${Object.keys(policies).join(", ")}.`);
    return { policy, label: name, where: `The policy "${name}"` };
  }
  const where = `--policy ${file}`;
  try {
    const { bytes } = readOwnFile(file);
    const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    return { policy: parsePolicy(bytes.toString()), label: `${basename(file)} sha256-${digest}`, where };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "there is no such file." : (error as Error).message;
    throw new SettingsError(`${where}: ${why}`, { cause: error });
  }
}

/** @throws Error in one line */
function checkPolicy(policy: Policy, { definition, audited }: GovernedServer): void {
  checkRules(policy, itemsOf(definition));
  const recorded = policy.rules.find(({ audit = "none" }) => audit !== "none");
  if (recorded !== undefined && !audited)
    throw new Error(`rule "${recorded.name}" has calls recorded, and there is no audit. Add --audit <file>.`);
  const { roots } = policy;
  if (roots === undefined) return;
  const { checkRoot } = definition;
  if (checkRoot === undefined) throw new Error("roots: this server works in no folders. Take roots out.");
  for (const [caller, folders] of Object.entries(roots))
    for (const folder of folders) {
      const problem = checkRoot(folder);
      if (problem !== undefined) throw new Error(`roots, of ${JSON.stringify(caller)}: ${problem}`);
    }
}
