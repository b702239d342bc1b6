/** MLflow's permissions on one thing, or by `*` on every thing of a kind, with the levels by which they are compared. */
export const GRANT_LEVELS = { DENY: -1, READ: 1, USE: 2, EDIT: 3, MANAGE: 4 } as const;
export type Grant = keyof typeof GRANT_LEVELS;
export const GRANTS = Object.keys(GRANT_LEVELS) as Grant[];

/** What users hold on everything that no grant of theirs is about. */
export const DEFAULT_LEVELS = { NO_PERMISSIONS: 0, READ: 1, USE: 2, EDIT: 3, MANAGE: 4 } as const;
export type DefaultPermission = keyof typeof DEFAULT_LEVELS;

/**
 * Kinds of things with grants of their own. Of `run` and `logged_model` there are grants by `*` only: where a user has one,
 * it decides in place of what the user has on the experiment. Of what follows these this server has nothing yet: MLflow's
 * clients may grant it, and it opens nothing.
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

/** Kinds of which single things may be granted. */
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
 * What a token may be let do of what its owner may. `read` and `write` are of everything that is tracked, `artifacts` is of
 * files beside one of these, and `admin` of users, grants, tokens and the server.
 */
export const SCOPES = ["read", "write", "artifacts", "admin"] as const;
export type Scope = (typeof SCOPES)[number];
