import { isDeepStrictEqual } from "node:util";
import { ErrorCode } from "../../contract/errors.ts";
import type { TestClient } from "../client.ts";
import { attempt, describe, tryCall } from "./attempt.ts";
import { type Input, notExercised, type Requirement, report, type Subject } from "./requirement.ts";

/** A request that every server of this definition answers. */
function anyList({ client, definition: { tools, resources } }: Subject): Promise<unknown> {
  return client.request(`${tools.size > 0 ? "tools" : resources.size > 0 ? "resources" : "prompts"}/list`);
}

/** Sampled inputs of tools that change nothing, so that a check may call them as often as it likes. */
function harmless({ definition, samples }: Subject): { name: string; input: Input; varies: boolean }[] {
  return Object.entries(samples.tools ?? {}).flatMap(([name, { valid, varies = false }]) =>
    definition.tools.get(name)?.annotations?.readOnlyHint === true
      ? valid.map((input) => ({ name, input, varies }))
      : [],
  );
}

/** Requirements on the connection and on calls as such, whatever they are about. */
export const serverRequirements: readonly Requirement[] = [
  {
    id: "server-info",
    because:
      "The name and version that a client shows are what bug reports are written about; they must be those of the code that runs.",
    async check({ client, definition }) {
      const { name, version } = client.serverInfo ?? {};
      if (name === definition.name && version === definition.version) return;
      report([
        `The server introduces itself as ${name} ${version}, and it is ${definition.name} ${definition.version}.`,
      ]);
    },
  },
  {
    id: "instructions",
    because:
      "With more than one tool a model must know which to begin with; instructions are the only place to say how they fit together.",
    async check({ client, definition }) {
      if (definition.tools.size < 2) notExercised("fewer than two tools need no instructions");
      if ((client.instructions ?? "").trim() === "")
        report([`The server has ${definition.tools.size} tools and no instructions.`]);
    },
  },
  {
    id: "capabilities-kept",
    because:
      "A client calls what was announced and nothing else: a capability without content shows empty menus, one that is missing hides content.",
    async check({ client, definition: { tools, resources, prompts } }) {
      const problems: string[] = [];
      const has = { tools: tools.size, resources: resources.size, prompts: prompts.size };
      for (const [kind, size] of Object.entries(has)) {
        const announced = kind in client.capabilities;
        if (announced !== size > 0) {
          problems.push(
            `The capability "${kind}" is ${announced ? "announced, and there are none" : "not announced, and there are some"}.`,
          );
        }
        const { result } = await attempt(client.request(`${kind}/list`));
        if (announced && result === undefined)
          problems.push(`"${kind}" is announced and ${kind}/list is not answered.`);
      }
      const completes = [...prompts.values(), ...resources.values()].some(
        ({ complete = {} }) => Object.keys(complete).length > 0,
      );
      if (completes !== "completions" in client.capabilities) {
        problems.push(
          `The capability "completions" is ${completes ? "not announced, and something completes" : "announced, and nothing completes"}.`,
        );
      }
      report(problems);
    },
  },
  {
    id: "unknown-method",
    because:
      "Clients probe for newer methods: only -32601 tells them that a method is not there, as against a call that failed.",
    async check({ client }) {
      const answer = await attempt(client.request("offshoot/no-such-method"));
      if (answer.refusal?.code === ErrorCode.methodNotFound) return;
      report([`An unknown method must be refused with -32601; it got ${describe(answer)}.`]);
    },
  },
  {
    id: "ping",
    era: "2025",
    because: "Hosts ping a silent server and kill the one that does not answer.",
    async check({ client }) {
      const answer = await attempt(client.request("ping"));
      if (answer.result === undefined) report([`ping must be answered; it got ${describe(answer)}.`]);
    },
  },
  {
    id: "survives-errors",
    because:
      "A model gets things wrong many times in one conversation: the server must be as good after that as before.",
    async check(subject) {
      const { client } = subject;
      const before = await anyList(subject);
      const wrong: Promise<unknown>[] = [
        client.request("offshoot/no-such-method"),
        client.call("offshoot_no_such_tool"),
        client.read("offshoot-unknown://nothing"),
        client.prompt("offshoot_no_such_prompt"),
        client.request("tools/list", { cursor: "offshoot-forged" }),
        client.request("tools/call", { name: 7 }),
        client.request("completion/complete", { ref: "nothing" }),
      ];
      await Promise.all(wrong.map((work) => attempt(work)));
      const after = await attempt(anyList(subject));
      if (after.result === undefined) report([`After ${wrong.length} bad requests a good one got ${describe(after)}.`]);
      else if (!isDeepStrictEqual(before, after.result)) report(["After some bad requests the same list was another."]);
    },
  },
  {
    id: "concurrent-calls",
    because:
      "Hosts call tools in parallel: each call needs its own answer, and nobody notices a mix-up but the user who acts on it.",
    async check(subject) {
      const { client } = subject;
      const jobs: { what: string; run: () => Promise<unknown>; alone?: unknown }[] = [];
      for (const { name, input } of harmless(subject)) {
        const run = async () => (await client.call(name, input)).data;
        const [first, second] = [await attempt(run()), await attempt(run())];
        // What differs from call to call anyway can be counted, but not compared.
        jobs.push({ what: name, run, alone: isDeepStrictEqual(first, second) ? first.result : undefined });
      }
      if (jobs.length === 0) jobs.push({ what: "a list", run: () => anyList(subject), alone: await anyList(subject) });
      const twenty = Array.from({ length: 20 }, (_, index) => jobs[index % jobs.length] as (typeof jobs)[number]);
      const answers = await Promise.all(twenty.map(({ run }) => attempt(run(), 15_000)));
      report(
        answers.map((answer, index) => {
          const { what, alone } = twenty[index] as (typeof jobs)[number];
          if (answer.lost !== undefined)
            return `Of 20 calls at once, number ${index + 1} (${what}) got no answer: ${answer.lost}.`;
          if (alone === undefined || isDeepStrictEqual(answer.result, alone)) return undefined;
          return `Among 20 calls at once ${what} answered something else than alone: ${describe(answer)}.`;
        }),
      );
    },
  },
  {
    id: "cancelled-call",
    because:
      "People press stop: the client must be free at once, and the server must still be there for what they ask next.",
    async check(subject) {
      const [sample] = harmless(subject);
      if (sample === undefined) notExercised("no sample for a read-only tool");
      const { client } = subject;
      const before = await tryCall(client, sample.name, sample.input);
      const controller = new AbortController();
      const cancelled = attempt(client.call(sample.name, sample.input, { signal: controller.signal }), 2_000);
      controller.abort();
      const answer = await cancelled;
      if (answer.result !== undefined)
        report([`A call of ${sample.name} that was cancelled at once still gave ${describe(answer)}.`]);
      if (answer.lost?.startsWith("no answer within"))
        report([`A cancelled call of ${sample.name} kept its caller waiting for 2 s.`]);
      const after = await tryCall(client, sample.name, sample.input);
      if ((before.result === undefined) !== (after.result === undefined))
        report([`After a cancelled call ${sample.name} got ${describe(after)}.`]);
    },
  },
  {
    id: "nothing-after-close",
    because:
      "A host that closed a server must be rid of it: a call that hangs then keeps the host's own window from closing.",
    async check(subject) {
      let heard = 0;
      const client: TestClient = await subject.connect({ onNotification: () => (heard += 1) });
      await anyList({ ...subject, client });
      await client.close();
      const atClose = heard;
      const answer = await attempt(client.request("tools/list"), 2_000);
      if (answer.lost === undefined) report([`After close a request still got ${describe(answer)}.`]);
      if (answer.lost?.startsWith("no answer within")) report(["After close a request hangs; it must fail at once."]);
      if (heard > atClose) report([`After close ${heard - atClose} notifications still arrived.`]);
    },
  },
];
