import { callRequirements } from "./requirements/calls.ts";
import { effectRequirements } from "./requirements/effects.ts";
import { errorRequirements } from "./requirements/errors.ts";
import { inputRequirements } from "./requirements/inputs.ts";
import { keyRequirements } from "./requirements/keys.ts";
import { listRequirements } from "./requirements/lists.ts";
import { portableRequirements } from "./requirements/portable.ts";
import { promptRequirements } from "./requirements/prompts.ts";
import type { Requirement } from "./requirements/requirement.ts";
import { resourceRequirements } from "./requirements/resources.ts";
import { resultRequirements } from "./requirements/results.ts";
import { serverRequirements } from "./requirements/server.ts";
import { toolRequirements } from "./requirements/tools.ts";
import { versionRequirements } from "./requirements/versions.ts";
import { viewRequirements } from "./requirements/views.ts";

/** Everything that a server must do, in the order in which one would look for what is wrong. */
export const requirements: readonly Requirement[] = [
  ...serverRequirements,
  ...listRequirements,
  ...toolRequirements,
  ...portableRequirements,
  ...callRequirements,
  ...resultRequirements,
  ...effectRequirements,
  ...keyRequirements,
  ...versionRequirements,
  ...inputRequirements,
  ...errorRequirements,
  ...resourceRequirements,
  ...promptRequirements,
  ...viewRequirements,
];
