import { testServerContract } from "@offshoot/core/testing";
import { Config } from "../src/config.ts";
import { openApi } from "../src/open.ts";
import { httpApiServer } from "../src/server.ts";

// The same API through three tools. They are the same for every API, so their part of the lock is that of the sample.
testServerContract({
  async server() {
    const opened = await openApi(Config.parse({ mode: "dynamic" }));
    return { server: httpApiServer(opened), close: opened.close };
  },
  samples: {
    tools: {
      list_operations: { valid: [{}, { query: "order" }] },
      describe_operation: { valid: [{ operation: "createOrder" }], failing: [{ operation: "noSuch" }] },
      call_operation: {
        valid: [
          { operation: "getOrder", input: '{"id":"o1"}' },
          { operation: "cancelOrder", input: '{"id":"o1"}', dry_run: true },
        ],
        failing: [
          { operation: "getOrder", input: '{"id":"o999"}' },
          { operation: "getOrder", input: '{"ID":"o1"}' },
        ],
      },
    },
    resources: { read: ["product://p1"], missing: ["product://p999"] },
  },
});
