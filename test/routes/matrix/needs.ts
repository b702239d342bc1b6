/*
 * What each route needs, written down separately from the routes. A route whose permission changes fails the matrix until
 * this table changes too. A route without a row fails too. Paths are the routes' first paths, without `/api/2.0`.
 */

/** MLflow's levels that a call may need. */
export type Level = "READ" | "EDIT" | "MANAGE";

/**
 * What a call needs: nothing; a page of this server; any sign-in; the named account or an admin; a level on the experiment of
 * the named thing, or on the registered model; an admin.
 */
export type Need =
  | "nothing"
  | "page"
  | "any READ"
  | "any EDIT"
  | "own account"
  | `experiment ${Level}`
  | `model ${Level}`
  | "admin";

/** What a token needs in addition: `files` for contents of files, `rights` for users, grants, tokens and links. */
export type Scope = "files" | "rights";

export interface Row {
  readonly need: Need;
  readonly scope?: Scope;
  /** Fields that replace the matrix's own. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

const row = (need: Need, scope?: Scope, fields?: Row["fields"]): Row => ({
  need,
  ...(scope && { scope }),
  ...(fields && { fields }),
});

/** Rows for endpoints with the same need. Commas separate the endpoints. */
function same(one: Row, endpoints: string): Record<string, Row> {
  return Object.fromEntries(endpoints.split(",").map((endpoint) => [endpoint.trim(), one]));
}

export const NEEDS: Readonly<Record<string, Row>> = {
  // Open to everybody. Signed URLs contain their own proof.
  ...same(
    row("nothing"),
    "GET /health, GET /version, GET /.well-known/security.txt, GET /api/3.0/mlflow/server-info, GET /ui-api/oidc/start, GET /ui-api/oidc/callback",
  ),
  ...same(row("nothing"), "PUT trackflare/artifact-parts/*, GET trackflare/artifact-files/*"),
  ...same(
    row("page"),
    "GET /ui-api/session, POST /ui-api/session, GET /ui-api/setup, POST /ui-api/setup, DELETE /ui-api/session, POST /shared/:link_id/open",
  ),

  // Lists and searches: any signed-in caller. The answer has only what the caller may see.
  ...same(
    row("any READ"),
    `GET mlflow/experiments/search, POST mlflow/experiments/search, GET mlflow/experiments/list,
     GET mlflow/runs/search, POST mlflow/runs/search, POST mlflow/logged-models/search,
     GET mlflow/registered-models/search, GET mlflow/registered-models/list, GET mlflow/model-versions/search,
     GET /ui-api/find, GET /ui-api/experiments, GET /ui-api/keys, POST /ui-api/runs, GET /ui-api/link,
     GET mlflow/users/current, GET /api/3.0/mlflow/users/current/permissions,
     GET /ajax-api/2.0/mlflow/gateway-proxy, POST /ajax-api/3.0/mlflow/traces/search,
     POST /ajax-api/3.0/mlflow/traces/metrics, POST /ajax-api/3.0/mlflow/datasets/search,
     GET /ajax-api/3.0/mlflow/scorers/list, GET /ajax-api/3.0/mlflow/ui-telemetry,
     POST /ajax-api/3.0/mlflow/ui-telemetry`,
  ),
  "GET /ui-api/trash": row("any READ", undefined, { kind: "run" }),
  ...same(row("any EDIT"), "POST mlflow/experiments/create, POST mlflow/registered-models/create"),

  // Things of an experiment.
  ...same(
    row("experiment READ"),
    `GET mlflow/experiments/get, GET mlflow/experiments/get-by-name, POST mlflow/experiments/search-datasets,
     GET mlflow/runs/get, GET mlflow/metrics/get-history, GET mlflow/metrics/get-history-bulk,
     GET mlflow/metrics/get-history-bulk-interval, GET mlflow/logged-models/:model_id,
     GET mlflow/logged-models/:model_id/artifacts/directories, GET mlflow/artifacts/list,
     GET /graphql, POST /graphql, POST /ui-api/series, POST /ui-api/group-series,
     GET /ui-api/runs/:run_id/live, POST /ui-api/live`,
  ),
  // The list of runs has two names. A call uses one of them.
  "GET mlflow/metrics/get-history-bulk": row("experiment READ", undefined, { run_id: undefined }),
  "GET /ui-api/level": row("experiment READ", undefined, { resource_type: "experiment" }),
  "GET mlflow-artifacts/artifacts": row("experiment READ", undefined, { path: "@experiment" }),
  ...same(
    row("experiment READ", "files"),
    `GET mlflow/logged-models/:model_id/artifacts/files, GET /get-artifact, GET /ui-api/artifact, GET /ui-api/preview,
     GET /ui-api/folder-zip,
     GET mlflow-artifacts/artifacts/*, GET mlflow-artifacts/presigned/*, POST mlflow/artifacts/presigned-download-url`,
  ),
  ...same(
    row("experiment EDIT"),
    `POST mlflow/experiments/update, POST mlflow/experiments/set-experiment-tag,
     POST mlflow/experiments/delete-experiment-tag, POST mlflow/runs/create, POST mlflow/runs/update,
     POST mlflow/runs/log-metric, POST mlflow/runs/log-parameter, POST mlflow/runs/log-batch, POST mlflow/runs/log-inputs,
     POST mlflow/runs/outputs, POST mlflow/runs/set-tag, POST mlflow/runs/delete-tag, POST mlflow/runs/log-model,
     POST mlflow/logged-models, PATCH mlflow/logged-models/:model_id/tags,
     POST mlflow/logged-models/:model_id/params`,
  ),
  "POST trackflare/runs/copy": row("experiment EDIT", undefined, { copy_id: "x" }),
  "PATCH mlflow/logged-models/:model_id": row("experiment EDIT", undefined, { status: "LOGGED_MODEL_READY" }),
  ...same(
    row("experiment EDIT", "files"),
    `POST /ajax-api/2.0/mlflow/upload-artifact, POST mlflow/artifacts/presigned-upload-url,
     PUT mlflow-artifacts/artifacts/*, POST mlflow-artifacts/mpu/create/*, POST mlflow-artifacts/mpu/complete/*,
     POST mlflow-artifacts/mpu/abort/*`,
  ),
  "POST mlflow/artifacts/presigned-upload-url": row("experiment EDIT", "files", { model_id: undefined }),
  ...same(
    row("experiment MANAGE"),
    `POST mlflow/experiments/delete, POST mlflow/experiments/restore, POST mlflow/runs/delete, POST mlflow/runs/restore,
     DELETE mlflow/logged-models/:model_id, DELETE mlflow/logged-models/:model_id/tags/:tag_key,
     POST trackflare/logged-models/restore, POST trackflare/gc, POST trackflare/runs/move`,
  ),
  "POST trackflare/logged-models/restore": row("experiment MANAGE", undefined, { model_id: "@model" }),
  "DELETE mlflow-artifacts/artifacts/*": row("experiment MANAGE", "files"),

  // Registered models, and their versions.
  ...same(
    row("model READ"),
    `GET mlflow/registered-models/get, GET mlflow/registered-models/get-latest-versions,
     POST mlflow/registered-models/get-latest-versions, GET mlflow/registered-models/alias, GET mlflow/model-versions/get,
     GET mlflow/model-versions/get-download-uri`,
  ),
  "GET /model-versions/get-artifact": row("model READ", "files"),
  ...same(
    row("model EDIT"),
    `PATCH mlflow/registered-models/update, POST mlflow/registered-models/set-tag,
     POST mlflow/registered-models/alias, PATCH mlflow/model-versions/update,
     POST mlflow/model-versions/transition-stage, POST mlflow/model-versions/set-tag`,
  ),
  ...same(row("model EDIT"), "DELETE mlflow/registered-models/delete-tag"),
  // A source in another run or model would need a right to read that run or model.
  "POST mlflow/model-versions/create": row("model EDIT", undefined, { source: "s3://a/b", run_id: "", model_id: "" }),
  ...same(
    row("model MANAGE"),
    `POST mlflow/registered-models/rename, DELETE mlflow/registered-models/delete, DELETE mlflow/registered-models/alias,
     DELETE mlflow/model-versions/delete, DELETE mlflow/model-versions/delete-tag`,
  ),

  // Grants, tokens, links.
  ...same(
    row("experiment MANAGE", "rights", { resource_type: "experiment" }),
    `GET /ui-api/grants, POST /ui-api/grants, POST /api/3.0/mlflow/users/permissions/grant,
     POST /api/3.0/mlflow/users/permissions/revoke`,
  ),
  ...same(
    row("experiment MANAGE", "rights"),
    `POST mlflow/experiments/permissions/create, GET mlflow/experiments/permissions/get,
     PATCH mlflow/experiments/permissions/update, DELETE mlflow/experiments/permissions/delete`,
  ),
  ...same(
    row("model MANAGE", "rights"),
    `POST mlflow/registered-models/permissions/create, GET mlflow/registered-models/permissions/get,
     PATCH mlflow/registered-models/permissions/update, DELETE mlflow/registered-models/permissions/delete`,
  ),
  "POST trackflare/links/create": row("experiment MANAGE", "rights"),
  ...same(
    row("any EDIT", "rights"),
    "POST trackflare/links/revoke, POST trackflare/tokens/rotate, POST trackflare/tokens/revoke",
  ),
  ...same(
    row("own account", "rights"),
    `GET trackflare/links/list, POST trackflare/tokens/create, GET trackflare/tokens/list, GET /ui-api/sign-ins,
     POST /ui-api/sign-ins/end, GET mlflow/users/get, PATCH mlflow/users/update-password,
     GET /api/3.0/mlflow/users/permissions/list, GET /api/3.0/mlflow/users/permissions/get,
     GET /api/3.0/mlflow/users/roles/list`,
  ),
  "POST /ui-api/session/password": row("any READ", "rights"),

  // The server itself.
  ...same(
    row("admin"),
    `GET /metrics, POST mlflow/users/create, GET mlflow/users/list, PATCH mlflow/users/update-admin,
     DELETE mlflow/users/delete, POST /api/3.0/mlflow/roles/create, GET /api/3.0/mlflow/roles/get,
     GET /api/3.0/mlflow/roles/list, PATCH /api/3.0/mlflow/roles/update, DELETE /api/3.0/mlflow/roles/delete,
     POST /api/3.0/mlflow/roles/permissions/add, PATCH /api/3.0/mlflow/roles/permissions/update,
     DELETE /api/3.0/mlflow/roles/permissions/remove, GET /api/3.0/mlflow/roles/permissions/list,
     POST /api/3.0/mlflow/roles/assign, DELETE /api/3.0/mlflow/roles/unassign, GET /api/3.0/mlflow/roles/users/list,
     GET trackflare/audit, GET trackflare/audit/export,
     POST trackflare/import/known, POST trackflare/import/experiments, POST trackflare/import/runs,
     POST trackflare/import/points, POST trackflare/import/finished-runs, POST trackflare/import/logged-models,
     POST trackflare/import/registered-models, GET trackflare/backup/tables, POST trackflare/backup/rows,
     POST trackflare/backup/points, POST trackflare/restore/begin, POST trackflare/restore/rows,
     POST trackflare/restore/end`,
  ),
};
