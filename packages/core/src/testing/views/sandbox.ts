import type { BrowserContext, Page } from "playwright-core";
import type { ViewCsp } from "../../contract/view.ts";

const HOST = "http://host.invalid/";
const VIEW = "http://view.invalid/";

/** The policy that MCP Apps has clients enforce: what is not declared is not reachable. */
function policyOf({ connectDomains, resourceDomains, frameDomains, baseUriDomains }: ViewCsp = {}): string {
  const list = (own: string, origins: readonly string[] = []): string => [own, ...origins].join(" ").trim();
  const orNone = (origins: readonly string[] = []): string => (origins.length === 0 ? "'none'" : origins.join(" "));
  return [
    "default-src 'none'",
    `script-src ${list("'self' 'unsafe-inline'", resourceDomains)}`,
    `style-src ${list("'self' 'unsafe-inline'", resourceDomains)}`,
    `img-src ${list("'self' data:", resourceDomains)}`,
    `font-src ${list("'self'", resourceDomains)}`,
    `media-src ${list("'self' data:", resourceDomains)}`,
    `connect-src ${orNone(connectDomains)}`,
    `frame-src ${orNone(frameDomains)}`,
    "object-src 'none'",
    "form-action 'none'",
    `base-uri ${orNone(baseUriDomains)}`,
  ].join("; ");
}

// What the frame posts goes to the test, and only what that very frame posts.
const hostPage = `<!doctype html><html lang="en"><title>Host</title><style>body{margin:0}iframe{border:0;width:100vw;height:100vh}</style>
<iframe title="View" sandbox="allow-scripts"></iframe>
<script>
const frame = document.querySelector("iframe");
addEventListener("message", ({ source, data }) => { if (source === frame.contentWindow) fromView(JSON.stringify(data)); });
window.toView = (json) => frame.contentWindow.postMessage(JSON.parse(json), "*");
// Only now: a view speaks as soon as it is there, and once.
frame.src = "${VIEW}";
</script></html>`;

/**
 * Shows a document as clients do: in a sandboxed frame without an origin, under the policy that its `csp` makes. Nothing
 * leaves the machine; what would is a problem, and so is everything that the browser complains of.
 */
export async function openSandbox(
  context: BrowserContext,
  {
    html,
    csp,
    problem,
    hear,
  }: {
    html: string;
    csp: ViewCsp | undefined;
    problem(what: string): void;
    hear(message: unknown, post: (message: object) => Promise<void>): void;
  },
): Promise<{ page: Page; post(message: object): Promise<void> }> {
  const documents: Record<string, { body: string; headers?: Record<string, string> }> = {
    [HOST]: { body: hostPage },
    [VIEW]: { body: html, headers: { "content-security-policy": policyOf(csp) } },
  };
  await context.route("**/*", async (route) => {
    const url = route.request().url();
    const document = documents[url];
    if (document !== undefined) return route.fulfill({ contentType: "text/html; charset=utf-8", ...document });
    if (url !== `${HOST}favicon.ico`) problem(`asks for ${url}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") problem(`the console says: ${message.text()}`);
  });
  page.on("pageerror", (error) => problem(`throws ${error.message}`));
  page.on("dialog", (dialog) => {
    problem(`opens a dialog of the browser: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const post = (message: object): Promise<void> =>
    // As text: a large answer would take the browser's own protocol minutes, value by value.
    page.evaluate(
      (json) => (globalThis as unknown as { toView(json: string): void }).toView(json),
      JSON.stringify(message),
    );
  await page.exposeFunction("fromView", (json: string) => hear(JSON.parse(json), post));
  await page.goto(HOST);
  return { page, post };
}
