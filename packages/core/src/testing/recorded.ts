import { existsSync, readFileSync } from "node:fs";
import { VERSION } from "../contract/versions.ts";
import type { Json } from "../surface/contract.ts";
import type { TestClient } from "./client.ts";

/** A call of a recorded session. Those without an answer are there for what they change. */
export interface RecordedCall {
  name: string;
  version?: string | undefined;
  arguments: Json;
  /** What the client got: both channels. */
  answer?: Json | undefined;
}

/** Sessions by the version that they show: `get_note@1`. */
export type Recorded = Record<string, RecordedCall[]>;

/** Sends a call as a client that speaks this version. @returns what is recorded of the result, keys in their order */
export async function replay(client: TestClient, { name, version, arguments: input }: RecordedCall): Promise<Json> {
  const meta = version === undefined ? {} : { _meta: { [VERSION]: version } };
  const { content, structuredContent, isError } = await client.request("tools/call", {
    name,
    arguments: input,
    ...meta,
  });
  return JSON.parse(JSON.stringify({ content, structuredContent, isError }));
}

/** @throws Error when the file is no record */
export function readRecorded(file: URL | string): Recorded {
  if (!existsSync(file)) return {};
  try {
    const recorded = (JSON.parse(readFileSync(file, "utf8")) ?? {}) as Recorded;
    // What is no session is as good as none.
    return Object.fromEntries(Object.entries(recorded).filter(([, session]) => Array.isArray(session)));
  } catch (cause) {
    throw new Error(`${String(file)} is not JSON (left over from a merge?).`, { cause });
  }
}
