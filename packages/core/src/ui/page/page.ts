// The live page. It reads one stream of events and changes nothing. What servers and callers name is text, never HTML.
type Call = {
  at: number;
  method: string;
  name: string;
  outcome: string;
  ms: number;
  caller: string;
  correlationId: string;
};
type Latency = { calls: number; p50: number; p95: number; p99: number; max: number };
type Dependency = {
  name: string;
  breaker: string;
  forced: string;
  inFlight: number;
  waiting: number;
  calls: number;
  failures: number;
  refused: number;
};
type State = {
  calls: number;
  gate: {
    mode: string;
    limit: number;
    running: number;
    waiting: number;
    paceMs: number;
    refused: Record<string, number>;
  };
  latency: [tool: string, of: Latency][];
  slo: {
    burn: [minutes: number, rate: number][];
    firing: { severity: string; burnRate: number; cause: string; runbook: string }[];
  };
  dependencies: Dependency[];
  subscriptions: { uri: string; subscribers: number }[];
  refused: Record<string, number>;
  profile?: string;
};
type About = {
  name: string;
  version: string;
  title?: string;
  startedAt: number;
  identity: Record<string, string | undefined>;
  contract?: { changes: string[]; more: number };
};

/** Rows of calls that stay on the page. */
const ROWS = 200;
const RECONNECT_MS = 2_000;

const byId = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const link = byId("link");
let paused = false;
let missed = 0;

const element = (tag: string, text: string, className = ""): HTMLElement => {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== "") made.className = className;
  return made;
};
/** What turns the text around it or does not show is written out. */
const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb\u2800\u{1d159}]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );

const rowOf = (cells: readonly [text: string, className?: string][]): HTMLElement => {
  const row = document.createElement("tr");
  for (const [text, className] of cells) {
    const cell = element("td", visible(text), className);
    cell.title = cell.textContent ?? "";
    row.append(cell);
  }
  return row;
};
const list = (id: string, lines: readonly string[], none: string): void =>
  byId(id).replaceChildren(...(lines.length === 0 ? [none] : lines).map((line) => element("li", visible(line))));
const round = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value < 1 ? 2 : 1));

// What scrolls must be reached by the keyboard.
for (const table of document.querySelectorAll<HTMLElement>(".table")) table.tabIndex = 0;

byId("pause").addEventListener("click", ({ currentTarget }) => {
  paused = !paused;
  const button = currentTarget as HTMLElement;
  button.textContent = paused ? "Go on" : "Pause";
  button.setAttribute("aria-pressed", String(paused));
});

const heard: Record<string, (data: never) => void> = {
  about({ name, version, title, startedAt, contract }: About) {
    document.title = `${visible(title ?? name)}: live`;
    byId("name").textContent = visible(`${title ?? name} ${version}`);
    byId("name").title = `Started ${new Date(startedAt).toLocaleString()}`;
    const changes = contract?.changes ?? [];
    const more = contract?.more ? [`… and ${contract.more} more`] : [];
    list(
      "contract",
      [...changes, ...more],
      contract === undefined ? "There is no contract.lock.json beside this server." : "As in contract.lock.json.",
    );
  },
  calls({ calls, skipped }: { calls: Call[]; skipped: number }) {
    missed += skipped + (paused ? calls.length : 0);
    byId("skipped").textContent = missed === 0 ? "" : `${missed} calls are not shown.`;
    if (paused) return;
    const body = byId("calls");
    const rows = calls.map(({ at, method, name, outcome, ms, caller, correlationId }) =>
      rowOf([
        [new Date(at).toLocaleTimeString()],
        [name === "" ? method : method === "tools/call" ? name : `${method} ${name}`],
        [outcome, outcome === "ok" ? "good" : "bad"],
        [round(ms), "number"],
        [caller],
        [correlationId],
      ]),
    );
    body.prepend(...rows.reverse());
    while (body.childElementCount > ROWS) body.lastElementChild?.remove();
  },
  state({ calls, gate, latency, slo, dependencies, subscriptions, refused, profile }: State) {
    const numbers: [string, string][] = [
      ["Calls", String(calls)],
      ["Running", `${gate.running} of ${Math.floor(gate.limit)}`],
      ["Waiting", String(gate.waiting)],
      ["Mode", gate.mode],
      ["Pace", `${round(gate.paceMs)} ms`],
      ...slo.burn.map(([minutes, rate]): [string, string] => [
        `Burn, ${minutes < 60 ? `${minutes} min` : `${minutes / 60} h`}`,
        `${round(rate)}×`,
      ]),
      ["Profile", profile ?? "none"],
    ];
    byId("numbers").replaceChildren(
      ...numbers.map(([label, value]) => {
        const box = document.createElement("div");
        box.append(element("dt", label), element("dd", visible(value)));
        return box;
      }),
    );
    byId("alerts").className = slo.firing.length === 0 ? "quiet" : "bad";
    byId("alerts").textContent =
      slo.firing
        .map(
          ({ severity, burnRate, cause, runbook }) =>
            `${severity}: budget burns ${round(burnRate)}× too fast, mostly ${cause}. See ${runbook}.`,
        )
        .join(" ") || "No alert.";
    byId("latency").replaceChildren(
      ...latency.map(([tool, of]) =>
        rowOf([
          [tool],
          [String(of.calls), "number"],
          ...[of.p50, of.p95, of.p99, of.max].map((ms): [string, string] => [round(ms), "number"]),
        ]),
      ),
    );
    list(
      "dependencies",
      dependencies.map(
        ({ name, breaker, forced, inFlight, waiting, calls, failures, refused }) =>
          `${name}: breaker ${breaker}${forced === "auto" ? "" : `, forced ${forced}`}; ${inFlight} running, ${waiting} waiting; ${calls} calls, ${failures} failed, ${refused} refused`,
      ),
      "It depends on nothing outside.",
    );
    list(
      "subscriptions",
      subscriptions.map(({ uri, subscribers }) => `${uri}: ${subscribers}`),
      "Nobody is subscribed.",
    );
    list(
      "refused",
      [...Object.entries(gate.refused), ...Object.entries(refused)]
        .filter(([, times]) => times > 0)
        .map(([reason, times]) => `${reason}: ${times}`),
      "Nothing.",
    );
  },
};

function hear(block: string): void {
  const event = /^event: (.*)$/m.exec(block)?.[1] ?? "";
  const data = /^data: (.*)$/m.exec(block)?.[1];
  if (data !== undefined && Object.hasOwn(heard, event)) heard[event]?.(JSON.parse(data) as never);
}

async function follow(): Promise<string> {
  const headers = { authorization: `Bearer ${location.hash.slice(1)}` };
  const { ok, status, body } = await fetch("/ui/events", { headers });
  if (status === 401) return "Open the address that the server printed at its start: this one has no valid token.";
  if (!ok || body === null) throw new Error(`HTTP ${status}`);
  link.textContent = "Live";
  link.className = "good";
  byId("calls").replaceChildren();
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) throw new Error("ended");
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() as string;
    blocks.forEach(hear);
  }
}

for (;;) {
  const why = await follow().catch(() => undefined);
  link.className = "bad";
  link.textContent = why ?? "The server cannot be reached. Trying again…";
  if (why !== undefined) break;
  await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
}
