// What this server must do well, as scenarios on the sample API: `offshoot eval` plays them, and so does `npm test`.
import { defineEval } from "@offshoot/core/evals";
import { Config } from "../../src/config.ts";
import { openApi } from "../../src/open.ts";
import { httpApiServer } from "../../src/server.ts";
import { adversarial } from "./adversarial.ts";
import { golden } from "./golden.ts";

export default defineEval({
  name: "http-api",
  async server() {
    const opened = await openApi(Config.parse({}));
    return { server: httpApiServer(opened), close: opened.close };
  },
  scenarios: [...golden, ...adversarial],
});
