export { createPostgresIdempotencyStore, type PostgresQuery } from "./call/idempotency/postgres-store.ts";
export type { Candidate, CandidateOptions, Gates } from "./contract/candidate.ts";
export {
  audio,
  type ContentAnnotations,
  type ContentBlock,
  embeddedResource,
  image,
  type ResourceContents,
  resourceLink,
  type WithContent,
  withContent,
} from "./contract/content.ts";
export type {
  CallContext,
  Caller,
  ClientCapability,
  ClientInfo,
  ElicitAnswer,
  Era,
  Logger,
  NotifyLevel,
  RootsAnswer,
  SampleAnswer,
} from "./contract/context.ts";
export type {
  BreakerForce,
  BreakerState,
  DependencyEvent,
  DependencySnapshot,
  ServerDependency,
} from "./contract/dependency.ts";
export { DefinitionError, fail, isToolError, ToolError, type ToolErrorOptions } from "./contract/errors.ts";
export { explainUnapproved } from "./contract/explain-unapproved.ts";
export type { Freshness } from "./contract/freshness.ts";
export type {
  Idempotency,
  IdempotencyClaim,
  IdempotencyRecord,
  IdempotencyStore,
} from "./contract/idempotency.ts";
export type { Mode, ServerJobs } from "./contract/jobs.ts";
export type { Icon, Meta } from "./contract/names/meta.ts";
export type { UriTemplate, UriVariables } from "./contract/names/uri-template.ts";
export type { Policy, PolicyRule, PolicyWhat, PolicyWho } from "./contract/policy.ts";
export {
  definePrompt,
  type ListedArgument,
  type Prompt,
  type PromptMessage,
  type PromptOptions,
  type PromptReply,
} from "./contract/prompt.ts";
export {
  type AgedReply,
  defineResource,
  type RefreshContext,
  type Resource,
  type ResourceBody,
  type ResourceEntry,
  type ResourceOptions,
  type ResourcePage,
  type ResourceReply,
} from "./contract/resource.ts";
export type { ObjectJsonSchema } from "./contract/schemas/json-schema.ts";
export { jsonSchema, type SchemaIssue } from "./contract/schemas/json-schema.ts";
export {
  type Audience,
  type ChangeEmitter,
  defineServer,
  type ServerDefinition,
  type ServerOptions,
} from "./contract/server.ts";
export {
  defineTool,
  type Lane,
  type Tool,
  type ToolAnnotations,
  type ToolOptions,
  type ToolReply,
} from "./contract/tool.ts";
export type { ToolVersion, ToolVersionOptions } from "./contract/versions.ts";
export {
  defineView,
  showsViews,
  type View,
  type ViewCsp,
  type ViewOptions,
  type ViewPermission,
} from "./contract/view.ts";
