/** MLflow's permissions on one thing, or by `*` on every thing of a kind, with levels for comparing them. */
export const GRANT_LEVELS = { DENY: -1, READ: 1, USE: 2, EDIT: 3, MANAGE: 4 } as const;
export type Grant = keyof typeof GRANT_LEVELS;
export const GRANTS = Object.keys(GRANT_LEVELS) as Grant[];

/** The permission level of a user on everything that no grant of the user covers. */
export const DEFAULT_LEVELS = { NO_PERMISSIONS: 0, READ: 1, USE: 2, EDIT: 3, MANAGE: 4 } as const;
export type DefaultPermission = keyof typeof DEFAULT_LEVELS;

/**
 * Kinds of things that have their own grants. `run` and `logged_model` have grants by `*` only. Such a grant decides in
 * place of the user's permission on the experiment. This server has no things of the kinds after these yet: MLflow's
 * clients may set grants on them, without effect.
 */
export const RESOURCE_TYPES = [
  "experiment",
  "registered_model",
  "prompt",
  "run",
  "logged_model",
  "trace",
  "assessment",
  "review_queue",
  "scorer",
  "scorer_version",
  "gateway_secret",
  "gateway_endpoint",
  "gateway_model_definition",
  "mcp_server",
  "mcp_server_version",
  "skill",
] as const;
export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** Kinds that have grants on single things. */
export const NAMED_TYPES: ReadonlySet<ResourceType> = new Set([
  "experiment",
  "registered_model",
  "prompt",
  "scorer",
  "gateway_secret",
  "gateway_endpoint",
  "gateway_model_definition",
  "mcp_server",
  "skill",
]);

/** Every thing of a kind. */
export const ANY = "*";

/**
 * The scopes that limit a token to a part of its owner's rights. `read` and `write` cover everything that is tracked.
 * Files need `artifacts` in addition to one of these. `admin` covers users, grants, tokens and the server.
 */
export const SCOPES = ["read", "write", "artifacts", "admin"] as const;
export type Scope = (typeof SCOPES)[number];
