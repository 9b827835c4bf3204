import { UI_EXTENSION, VIEW_TYPE, type ViewCsp } from "../../contract/view.ts";
import type { TestClient, ToolOutcome } from "../client.ts";
import { noChromium } from "../views/chromium.ts";
import { showView, uiOf } from "../views/show-view.ts";
import { attempt, describe, tryCall } from "./attempt.ts";
import { notExercised, type Requirement, report, type Subject } from "./requirement.ts";
import { eachResult, eachSampled, type Problems, showCall } from "./sampled.ts";
import { listedTools } from "./tools.ts";

/** Samples of one tool, and of all tools with one view, that are rendered: more would show the same. */
const MOST_OF_TOOL = 2;
const MOST_OF_VIEW = 4;

interface ReadView {
  uri: string;
  tools: string[];
  problem?: string | undefined;
  item: Record<string, unknown>;
  html: string;
}

/** Each view that tools name, as a client reads it. @throws NotExercised where there is none */
async function readViews(subject: Subject): Promise<ReadView[]> {
  const named = new Map<string, string[]>();
  for (const { name, _meta } of await listedTools(subject)) {
    const { resourceUri } = uiOf(_meta);
    if (resourceUri !== undefined) named.set(String(resourceUri), [...(named.get(String(resourceUri)) ?? []), name]);
  }
  if (named.size === 0) notExercised("no tool here has a view");
  return Promise.all(
    [...named].map(async ([uri, tools]) => {
      const answer = await attempt(subject.client.read(uri));
      const items = answer.result ?? [];
      const item = items[0] ?? {};
      const wrong = items.length !== 1 || typeof item.text !== "string";
      const problem = wrong
        ? `The view ${uri} of ${tools.join(", ")} must be one text; reading it got ${describe(answer)}. Views are made by npm run build.`
        : undefined;
      return { uri, tools, item, html: String(item.text ?? ""), problem };
    }),
  );
}

/** Addresses in a document that a browser would ask for. */
const ADDRESSES =
  /(?:\b(?:src|href|action|poster|data|srcset)\s*=\s*["']?|\burl\(\s*["']?|@import\s+["']|\b(?:fetch|import|WebSocket|EventSource|Worker)\(\s*["'`])((?:https?:|wss?:)?\/\/[^"'`)\s>]+)/gi;

const origins = ({ csp }: Record<string, unknown>): string[] =>
  Object.values((csp ?? {}) as ViewCsp).flat() as string[];

const allows = (declared: readonly string[], address: string): boolean => {
  const { origin, host, protocol } = new URL(address, "https://none.invalid");
  return declared.some(
    (one) => one === origin || (one.startsWith(`${protocol}//*.`) && host.endsWith(one.slice(one.indexOf("*") + 1))),
  );
};

/** Whether a text says something of the data: a value of it, or a part of one. */
function tells(text: string, data: unknown): boolean {
  if (typeof data === "object" && data !== null) {
    const values = Object.values(data);
    return values.length === 0 || values.some((value) => tells(text, value));
  }
  const value = String(data).trim();
  return value !== "" && text.includes(value.slice(0, 40));
}

/** Requirements on views, which clients show beside a tool's answer. */
export const viewRequirements: readonly Requirement[] = [
  {
    id: "view-document",
    because:
      "A client shows what a tool's _meta names: another type, a part of a page or nothing at all leaves an empty frame in the conversation.",
    async check(subject) {
      report(
        (await readViews(subject)).map(({ uri, item, html, problem }) => {
          if (problem !== undefined) return problem;
          if (!uri.startsWith("ui://")) return `The view ${uri} must have a URI that begins with ui://.`;
          if (item.mimeType !== VIEW_TYPE)
            return `The view ${uri} must have the type ${VIEW_TYPE}, all of it; it has ${String(item.mimeType)}.`;
          if (!/^\s*<!doctype html>/i.test(html)) return `The view ${uri} must begin with <!doctype html>.`;
          // What the script says of elements is no element.
          const page = html.replace(/<script\b[\s\S]*?<\/script>/gi, "");
          if ((page.match(/<html\b/gi) ?? []).length !== 1 || (page.match(/<\/body>|<body\b/gi) ?? []).length === 0)
            return `The view ${uri} must be one whole HTML document.`;
          return /<title>\s*\S/i.test(page)
            ? undefined
            : `The view ${uri} has no title, which a screen reader says first.`;
        }),
      );
    },
  },
  {
    id: "view-network",
    because:
      "What a view has not declared its client blocks, and who approves a view reads from its csp where data can go.",
    async check(subject) {
      report(
        (await readViews(subject)).flatMap(({ uri, item, html }) => {
          const declared = origins(uiOf(item._meta));
          const missing = [...html.matchAll(ADDRESSES)].map(([, address]) => address as string);
          return [
            ...declared
              .filter((origin) => /^[a-z]+:$|^\*$|\/\/\*$|[\s;,'"]/.test(origin))
              .map((origin) => `The csp of ${uri} allows ${JSON.stringify(origin)}, which is no origin.`),
            ...[...new Set(missing)]
              .filter((address) => !allows(declared, address))
              .map((address) => `The view ${uri} asks for ${address}, which its csp does not name.`),
          ];
        }),
      );
    },
  },
  {
    id: "view-text",
    because: "Most clients show no views and a model never sees one: what the answer means must stand in its text.",
    async check(subject) {
      await readViews(subject);
      await eachResult(subject, ({ text, data }, { name, view, _meta }) => {
        if (view === undefined && uiOf(_meta).resourceUri === undefined) return undefined;
        return tells(text, data) ? undefined : `The text of ${name} says nothing of its data: ${JSON.stringify(text)}.`;
      });
    },
  },
  {
    id: "view-renders",
    because:
      "A view that throws, or asks for what its policy blocks, shows in the browser alone: every other test of its server stays green.",
    // A browser costs as much as all the rest. That each wire carries the same view and the same data, others see.
    wire: "stdio-2025",
    async check(subject) {
      const times = new Map((await readViews(subject)).map(({ uri }) => [uri, 0]));
      const reason = await noChromium();
      if (reason !== undefined) notExercised(reason);
      const client = await subject.connect({ extensions: { [UI_EXTENSION]: { mimeTypes: [VIEW_TYPE] } } });
      await eachSampled(subject, async (name, { valid }, { _meta }) => {
        const problems: Problems = [];
        const uri = String(uiOf(_meta).resourceUri);
        let rendered = 0;
        for (const input of valid) {
          const { result } = await tryCall(client, name, input);
          const before = times.get(uri);
          if (result === undefined || before === undefined || problems.length > 0) continue;
          if (rendered === MOST_OF_TOOL || before >= MOST_OF_VIEW) continue;
          rendered += 1;
          times.set(uri, before + 1);
          problems.push(...(await renderProblems(client, name, input, result)));
        }
        return problems;
      }).catch((error) => {
        // Tools without a sample are named by other requirements; here only those with a view count.
        if (!/^no sample for/.test((error as Error).message)) throw error;
      });
      const bare = [...times].filter(([, shown]) => shown === 0).map(([uri]) => uri);
      if (bare.length > 0) notExercised(`no sample shows ${bare.join(", ")}`);
    },
  },
];

async function renderProblems(
  client: TestClient,
  name: string,
  input: Record<string, unknown>,
  outcome: ToolOutcome,
): Promise<Problems> {
  const what = `The view of ${showCall(name, input)}`;
  try {
    await using view = await showView(client, name, input, { outcome });
    return view.problems.map((problem) => `${what} ${problem}.`);
  } catch (error) {
    return [`${what}: ${(error as Error).message}`];
  }
}
