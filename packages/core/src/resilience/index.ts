export { createJobs, type Job, type Jobs, type JobsOptions } from "./jobs.ts";
