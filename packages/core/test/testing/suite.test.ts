// The suite as a template runs it, on a server that meets every requirement.
import { testServerContract } from "../../src/testing/index.ts";
import { shelfSamples, shelfServer } from "./shelf.ts";

testServerContract({
  server: () => shelfServer(),
  samples: shelfSamples,
  lock: new URL("shelf.contract.lock.json", import.meta.url),
});
