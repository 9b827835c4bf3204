import { testServerContract } from "@offshoot/core/testing";
import { Config } from "../src/config.ts";
import { openApi } from "../src/open.ts";
import { httpApiServer } from "../src/server.ts";

testServerContract({
  async server() {
    const opened = await openApi(Config.parse({}));
    return { server: httpApiServer(opened), close: opened.close };
  },
  // On the sample's 24 orders, in the order of a session.
  samples: {
    tools: {
      // offshoot:tool-samples
      list_products: { valid: [{}, { query: "green", limit: 2 }, { after: "p11" }] },
      list_orders: { valid: [{}, { status: "open", customer: "ada", limit: 1 }] },
      get_order: { valid: [{ id: "o1" }], failing: [{ id: "o999" }] },
      create_order: {
        valid: [
          { customer: "ada", lines: [{ product: "p3", quantity: 2 }], dry_run: true },
          { customer: "ada", lines: [{ product: "p3", quantity: 2 }], idempotency_key: "key-12345" },
        ],
        failing: [{ customer: "ada", lines: [{ product: "p999", quantity: 1 }] }],
        // Every call without a key of the caller's has a new one.
        varies: true,
      },
      update_order: { valid: [{ id: "o1", note: "Gift wrap" }], failing: [{ id: "o999", note: "x" }] },
      cancel_order: { valid: [{ id: "o2" }], failing: [{ id: "o3" }] },
      products_to_restock: { valid: [{}, { below: 1 }] },
    },
    resources: { read: ["product://p1", "order://o1"], missing: ["product://p999", "order://x"] },
    prompts: {
      // offshoot:prompt-samples
    },
  },
  lock: new URL("../contract.lock.json", import.meta.url),
  policyLock: new URL("../policy.lock.json", import.meta.url),
});
