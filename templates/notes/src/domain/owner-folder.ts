import { createHash } from "node:crypto";
import { join } from "node:path";

/** Holds a folder for each owner, in the data folder and in the exchange folder. */
export const ownersName = "owners";

/** Where an owner's files are: a name that people know it by, and a digest that no other owner has. */
export function ownerFolder(owner: string): string {
  const name = owner
    .replace(/[^A-Za-z0-9-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 40);
  const digest = createHash("sha256").update(owner).digest("hex").slice(0, 32);
  return join(ownersName, `${name === "" ? "owner" : name}.${digest}`);
}
