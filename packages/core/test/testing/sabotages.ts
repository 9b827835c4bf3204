import { connectionSabotages } from "./sabotage/connection.ts";
import { contentSabotages } from "./sabotage/content.ts";
import { effectSabotages } from "./sabotage/effects.ts";
import { portableSabotages } from "./sabotage/portable.ts";
import { toolSabotages } from "./sabotage/tools.ts";
import { viewSabotages } from "./sabotage/views.ts";

/** At least one for each requirement. */
export const sabotages = [
  ...connectionSabotages,
  ...toolSabotages,
  ...portableSabotages,
  ...effectSabotages,
  ...contentSabotages,
  ...viewSabotages,
];
