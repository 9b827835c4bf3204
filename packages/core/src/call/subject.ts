import type { ClientCapability } from "../contract/context.ts";
import type { ProtocolError, ToolError } from "../contract/errors.ts";
import type { Lane } from "../contract/tool.ts";
import type { Call } from "./call.ts";

/** What a request is about, once its parameters are understood: the same shape for a tool, a resource and a prompt. */
export interface Subject {
  scopes?: readonly string[] | undefined;
  requiredCapabilities?: readonly ClientCapability[] | undefined;
  /** Which lane's places it uses. @default `foreground` */
  lane?: Lane | undefined;
  /** Time for one call, in ms. */
  timeoutMs: number;
  /** It may change something: see the grace of `settle`. @default false */
  writes?: boolean | undefined;
  /** The input as the client sent it; an approval by the user is bound to it. */
  input: unknown;
  /** Calls the handler. */
  run(call: Call): unknown;
  /** Shapes the handler's value for the wire, or throws. */
  compose(value: unknown): object | Promise<object>;
  /** Where a failure is a result that the model reads (tools), rather than a JSON-RPC error. */
  failure?(shown: ToolError | ProtocolError): object;
  /** Where an expected failure has a JSON-RPC form of its own (a resource that is not there). */
  refuse?(shown: ToolError): ProtocolError;
}

/** Parses the parameters of one method: the second half of stage 2. @throws ProtocolError, ToolError */
export type Normalize = (params: Record<string, unknown>, call: Call) => Subject | Promise<Subject>;
