// A caller is refused in the moment between being let in and having its stream.
import { EventEmitter } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { createAuthorization } from "../../src/protocol/http/authorization.ts";

test("a stream whose caller is refused while it is being opened ends when it is open, and not before", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const app = { log: { info: () => {} } };
  const authorization = createAuthorization(app as never, { holds: () => false } as never);
  const response = Object.assign(new EventEmitter(), { headersSent: false, end: vi.fn() });
  authorization.follow({ id: "ada" }, { method: "GET" } as never, response as never);
  vi.advanceTimersByTime(3_000);
  expect(response.end).not.toHaveBeenCalled();
  response.headersSent = true;
  vi.advanceTimersByTime(1_000);
  expect(response.end).toHaveBeenCalledOnce();
});
