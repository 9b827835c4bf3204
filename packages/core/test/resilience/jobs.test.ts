import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineServer, defineTool } from "../../src/index.ts";
import { createJobs, type Job } from "../../src/resilience/index.ts";
import { connect, WIRES } from "../../src/testing/index.ts";

/** A job that ends when it is told to, and says what became of it. */
function held() {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let began = (): void => {};
  const running = new Promise<void>((resolve) => {
    began = resolve;
  });
  const job: Job = (signal) => {
    began();
    return Promise.race([
      ended,
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    ]);
  };
  return { job, end, running };
}

test("a few run at once, a few wait, and one more is refused with words for a model", async () => {
  const jobs = createJobs({ concurrency: 1, maxWaiting: 2 });
  const first = held();
  jobs.add("first", first.job);
  await first.running;
  const order: string[] = [];
  jobs.add("second", () => order.push("second"));
  jobs.add("third", () => order.push("third"));
  expect([jobs.running, jobs.waiting]).toEqual([1, 2]);
  expect(() => jobs.add("fourth", () => {})).toThrow(
    expect.objectContaining({ code: "jobs_full", retryAfterMs: expect.any(Number) }),
  );
  first.end();
  await jobs.close(5_000);
  expect(order).toEqual(["second", "third"]);
  expect(() => jobs.add("late", () => {})).toThrow(expect.objectContaining({ code: "jobs_closed" }));
});

test("at the end, jobs have their time, and are then aborted; none begins after that", async () => {
  const jobs = createJobs({ concurrency: 1 });
  const failed: string[] = [];
  jobs.report((name, _id, error) => failed.push(`${name}: ${(error as Error).message}`));
  const endless = held();
  let began = false;
  jobs.add("endless", endless.job);
  jobs.add("next", () => {
    began = true;
  });
  await endless.running;
  await jobs.close(20);
  expect(began).toBe(false);
  expect(failed).toEqual(["endless", "next"].map((name) => `${name}: the server ended before the job did`));
  expect([jobs.running, jobs.waiting]).toEqual([0, 0]);
});

test("a degraded server does one at a time, a server that does core work alone begins none", async () => {
  const jobs = createJobs({ concurrency: 3 });
  const holds = [held(), held(), held(), held()];
  jobs.follow("foreground-only");
  for (const [index, { job }] of holds.entries()) jobs.add(`job ${index}`, job);
  await sleep(20);
  expect([jobs.running, jobs.waiting]).toEqual([0, 4]);
  jobs.follow("degraded");
  await holds[0]?.running;
  expect([jobs.running, jobs.waiting]).toEqual([1, 3]);
  jobs.follow("normal");
  await holds[2]?.running;
  expect([jobs.running, jobs.waiting]).toEqual([3, 1]);
  for (const { end } of holds) end();
  await jobs.close(5_000);
});

test.each([0, -1, 1.5, Number.NaN])("%d jobs at once is refused when it is made", (concurrency) => {
  expect(() => createJobs({ concurrency })).toThrow(/createJobs: concurrency must be a whole number/);
});

describe.each(WIRES)("%s", (wire) => {
  test("a tool answers, its job goes on, and what the job throws is in the log and nowhere else", async () => {
    const jobs = createJobs();
    const work = held();
    const begin = defineTool({
      name: "begin_import",
      title: "Begin an import",
      description: "Begins an import.",
      inputSchema: z.object({}),
      outputSchema: z.object({ job: z.string().describe("Its id in the log") }),
      handler: () => ({
        job: jobs.add("import", async (signal) => {
          await work.job(signal);
          throw new Error("password=hunter2 was wrong");
        }),
      }),
    });
    const log: string[] = [];
    const client = await connect(defineServer({ name: "importer", version: "1.0.0", tools: [begin], jobs }), {
      wire,
      log,
    });
    const answer = await client.call("begin_import");
    expect(answer.isError).toBe(false);
    work.end();
    await client.close();
    const line = log.find((entry) => entry.includes("job failed")) as string;
    expect(JSON.parse(line)).toMatchObject({ level: "error", job: "import", correlationId: answer.data.job });
    expect(line).not.toContain("hunter2");
  });
});
