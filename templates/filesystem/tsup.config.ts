import { bundleServer } from "@offshoot/core/bundle";

// The worker is started by its file name, so it has to be a file of its own.
export default bundleServer({ workers: { "match-worker": "src/domain/search/match-worker.ts" }, args: ["."] });
