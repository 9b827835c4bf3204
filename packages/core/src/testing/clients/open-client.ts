import type { ClientBehaviour, TestClient, Wire } from "../client.ts";
import { openLegacy } from "./legacy.ts";
import { openModern } from "./modern.ts";

/** The real client of the era's SDK on this transport. */
export async function openClient(wire: Wire, transport: unknown, behaviour: ClientBehaviour = {}): Promise<TestClient> {
  const { onElicit, onSample, extensions } = behaviour;
  const capabilities = {
    ...(onElicit === undefined ? {} : { elicitation: { form: {} } }),
    ...(onSample === undefined ? {} : { sampling: {} }),
    ...(extensions === undefined ? {} : { extensions }),
  };
  return wire.endsWith("2025")
    ? openLegacy(wire, transport, capabilities, behaviour)
    : openModern(wire, transport, capabilities, behaviour);
}
