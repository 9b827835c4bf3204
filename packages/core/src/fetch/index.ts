export { isPublic } from "./addresses.ts";
export { ACCEPT_ENCODING, type RefuseBody, readBody } from "./body.ts";
export { createGuard, type Guard, type GuardOptions } from "./guard.ts";
export {
  createGuardedFetch,
  type GuardedFetch,
  type GuardedFetchOptions,
  type GuardedRequest,
  type GuardedResponse,
} from "./guarded-fetch.ts";
