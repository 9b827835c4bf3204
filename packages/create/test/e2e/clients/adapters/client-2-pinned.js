// The official client of the 2026 era with that revision pinned: no handshake, no session.
import { openIn } from "./client-2.js";

export const open = (where, answer) => openIn({ versionNegotiation: { mode: { pin: "2026-07-28" } } }, where, answer);
