import { setTimeout as sleep } from "node:timers/promises";
import type { Frame, Page } from "playwright-core";
import type { ViewCsp } from "../../contract/view.ts";
import type { TestClient, ToolOutcome } from "../client.ts";
import { openContext } from "./chromium.ts";
import { openSandbox } from "./sandbox.ts";

/** How a view is shown. */
export interface ShowOptions {
  /** @default `light` */
  theme?: "light" | "dark" | undefined;
  /** Width of the window, in CSS pixels. @default 800 */
  width?: number | undefined;
  /** What the tool answered, where it was called already. @default it is called */
  outcome?: ToolOutcome | undefined;
  /** What the view is shown with, where it is another than the tool names. @default the tool's own view */
  html?: string | undefined;
  /** Answers the view's calls, before the server sees them. @default the server does */
  onCall?: ((name: string, input: Record<string, unknown>) => Promise<ToolOutcome | undefined>) | undefined;
}

/** A view in a browser, with a client around it. */
export interface ShownView {
  /** The document of the view, as playwright-core has it. */
  readonly frame: Frame;
  readonly page: Page;
  /** What went wrong so far: errors in the console, what its policy kept it from, what left the frame. */
  readonly problems: readonly string[];
  /** The tools that it called, with their answers. */
  readonly calls: readonly { name: string; input: Record<string, unknown>; outcome: ToolOutcome }[];
  /** Everything that it sent, as it is. */
  readonly messages: readonly unknown[];
  /** What it told the model. */
  readonly told: readonly string[];
  /** Sends the view a message, as it is. */
  post(message: object): Promise<void>;
  close(): Promise<void>;
}

/** How long a view may take until it shows something, in ms. */
const SHOWN_WITHIN_MS = 10_000;

type Asked = { id?: unknown; method?: unknown; params?: Record<string, unknown> | undefined };

/**
 * Calls a tool and shows the view that it names, in a Chromium of this machine, as a client would: sandboxed, under its
 * policy, with the tool's input and answer. Resolves when it shows something.
 *
 * @throws Error where there is no Chromium, the tool has no view, or the view shows nothing
 * @example
 * await using view = await showView(client, "edit_file", { path: "a.txt", edits, dryRun: true });
 * await view.frame.getByRole("button", { name: "Apply" }).click();
 */
export async function showView(
  client: TestClient,
  tool: string,
  input: Record<string, unknown>,
  { theme = "light", width = 800, outcome: given, html, onCall }: ShowOptions = {},
): Promise<ShownView & AsyncDisposable> {
  const listed = (await client.tools()).find(({ name }) => name === tool);
  const { resourceUri } = uiOf(listed?._meta);
  if (typeof resourceUri !== "string") throw new Error(`The tool ${tool} has no view.`);
  const [document] = await client.read(resourceUri);
  const text = html ?? String(document?.text);
  const answer = given ?? (await client.call(tool, input));

  const problems: string[] = [];
  const calls: { name: string; input: Record<string, unknown>; outcome: ToolOutcome }[] = [];
  const messages: unknown[] = [];
  const told: string[] = [];
  let initialized = (): void => {};
  const ready = new Promise<void>((resolve) => {
    initialized = resolve;
  });
  const results: Record<string, (params: Record<string, unknown>) => object | Promise<object>> = {
    "ui/initialize": ({ protocolVersion }) => ({
      protocolVersion,
      hostInfo: { name: "offshoot-test", version: "1.0.0" },
      hostCapabilities: { serverTools: {}, updateModelContext: { text: {} }, openLinks: {}, logging: {} },
      hostContext: { theme, displayMode: "inline", platform: "web", toolInfo: { tool: listed } },
    }),
    "tools/call": async ({ name, arguments: args = {} }) => {
      const called = args as Record<string, unknown>;
      const outcome = (await onCall?.(String(name), called)) ?? (await client.call(String(name), called));
      calls.push({ name: String(name), input: called, outcome });
      return resultOf(outcome);
    },
    "ui/update-model-context": ({ content }) => {
      for (const { text } of (content ?? []) as { text?: string }[]) told.push(String(text));
      return {};
    },
    ping: () => ({}),
  };
  const hear = async (message: unknown, post: ShownView["post"]): Promise<void> => {
    messages.push(message);
    const { id, method, params = {} } = (message ?? {}) as Asked;
    if (method === "ui/notifications/initialized") initialized();
    if (typeof method !== "string" || id === undefined) return;
    const respond = results[method];
    try {
      if (respond === undefined) throw new Error(`Method not found: ${method}`);
      await post({ jsonrpc: "2.0", id, result: await respond(params) });
    } catch (error) {
      // The page may be gone by now.
      await post({ jsonrpc: "2.0", id, error: { code: -32000, message: (error as Error).message } }).catch(() => {});
    }
  };
  const context = await openContext({ viewport: { width, height: 700 }, colorScheme: theme });
  const close = (): Promise<void> => context.close();
  try {
    const { page, post } = await openSandbox(context, {
      html: text,
      csp: uiOf(document?._meta).csp as ViewCsp | undefined,
      problem: (what) => problems.push(what),
      hear,
    });
    await within(ready, `The view ${resourceUri} has not sent ui/notifications/initialized`, problems);
    await post({ jsonrpc: "2.0", method: "ui/notifications/tool-input", params: { arguments: input } });
    await post({ jsonrpc: "2.0", method: "ui/notifications/tool-result", params: resultOf(answer) });
    const frame = page.frames()[1] as Frame;
    await within(untilShown(frame), `The view ${resourceUri} shows nothing`, problems);
    await frame.evaluate("new Promise((painted) => requestAnimationFrame(() => setTimeout(painted, 20)))");
    return { frame, page, problems, calls, messages, told, post, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

const SHOWS =
  'document.body.innerText.trim() !== "" || document.querySelector("img, svg, canvas, video, audio") !== null';

/** Asks from here: what the browser itself would wait with is blocked by the policy that the view is under. */
async function untilShown(frame: Frame): Promise<void> {
  while (!(await frame.evaluate(SHOWS))) await sleep(50);
}

/** @throws Error with what the browser complained of, which is why as a rule */
async function within(done: Promise<unknown>, what: string, problems: readonly string[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("late")), SHOWN_WITHIN_MS);
  });
  try {
    await Promise.race([done, late]);
  } catch {
    throw new Error(`${what} within ${SHOWN_WITHIN_MS} ms.${problems.map((problem) => ` It ${problem}.`).join("")}`);
  } finally {
    clearTimeout(timer);
  }
}

/** What the extension says of a tool or a resource. */
export const uiOf = (meta: unknown): Record<string, unknown> =>
  ((meta as { ui?: Record<string, unknown> | undefined } | undefined)?.ui ?? {}) as Record<string, unknown>;

const resultOf = ({ content, data, isError, meta }: ToolOutcome): object => ({
  content,
  structuredContent: data,
  isError,
  _meta: meta,
});
