export type { Attempt } from "./attempt.ts";
export type { BreakerOptions } from "./breaker.ts";
export type { CacheOptions } from "./cache.ts";
export { type Answer, type Dependency, type DependencyOptions, dependency, type RunOptions } from "./dependency.ts";
export { type DependencyError, type Failure, isDependencyError, statusError, transient } from "./failure.ts";
export { createJobs, type Job, type Jobs, type JobsOptions } from "./jobs.ts";
export type { RetryOptions } from "./retry.ts";
export type { RunContext } from "./scope.ts";
export type { LimitOptions } from "./slots.ts";
