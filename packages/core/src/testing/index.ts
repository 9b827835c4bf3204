export { type CallOptions, type ClientBehaviour, type Reply, type TestClient, type ToolOutcome, type Wire, WIRES } from "./client.ts";
export { connect, type ConnectOptions } from "./connect.ts";
export { spawn, type SpawnedClient, type SpawnOptions } from "./spawn.ts";
