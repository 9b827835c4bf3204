import { bundleServer } from "@offshoot/core/bundle";

// The worker is started by its file name, so it has to be a file of its own.
export default bundleServer({ workers: { "check-worker": "src/domain/schemas/check-worker.ts" } });
