/** How this server treats a variable that MLflow's server reads and that is no flag's. */
export interface MlflowVariable {
  readonly variable: string;
  readonly state: "honoured" | "no effect" | "refused";
  /** One line: what is so here, whatever the variable says, or why it does nothing. */
  readonly reason: string;
}

export const WORKSPACES = "there are no workspaces: run a server for each team";
const DATABASE = "there is no database server to connect to";
const TRACES = "there are no traces";
const GATEWAY = "there is no AI gateway";
const ASSISTANT = "there is no assistant";
const CATALOG = "there is no Unity Catalog";
const JOBS = "there are no jobs and no scorers";

/** The variables of MLflow 3.18's server that belong to no flag. docs/flags.md has the same table. */
export const MLFLOW_VARIABLES: readonly MlflowVariable[] = [
  { variable: "MLFLOW_ENABLE_WORKSPACES", state: "refused", reason: WORKSPACES },
  { variable: "MLFLOW_WORKSPACE_ARTIFACT_ROOT_CACHE_CAPACITY", state: "no effect", reason: WORKSPACES },
  { variable: "MLFLOW_WORKSPACE_ARTIFACT_ROOT_CACHE_TTL_SECONDS", state: "no effect", reason: WORKSPACES },
  { variable: "MLFLOW_RBAC_SEED_DEFAULT_ROLES", state: "no effect", reason: WORKSPACES },
  {
    variable: "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX",
    state: "refused",
    reason: "no pattern decides what a model version may be made of; who may make one is decided by grants",
  },
  {
    variable: "MLFLOW_SERVER_INFO_TRACKING_AUTH",
    state: "refused",
    reason: "server-info names no plugin of clients for their login",
  },
  {
    variable: "MLFLOW_BASIC_AUTH_FAIL_CLOSED",
    state: "honoured",
    reason: "always: a route without a permission is refused",
  },
  {
    variable: "MLFLOW_SERVER_ENABLE_GRAPHQL_AUTH",
    state: "honoured",
    reason: "always: GraphQL asks for the same permissions as REST",
  },
  { variable: "MLFLOW_DISABLE_TELEMETRY", state: "honoured", reason: "always: nothing is sent to anybody" },
  { variable: "MLFLOW_SERVER_GRAPHQL_MAX_ALIASES", state: "no effect", reason: "10, which is MLflow's default" },
  { variable: "MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS", state: "no effect", reason: "10, which is MLflow's default" },
  {
    variable: "MLFLOW_FLASK_SERVER_SECRET_KEY",
    state: "no effect",
    reason: "the server makes its key itself, and keeps it with its data",
  },
  {
    variable: "MLFLOW_LOGGING_LEVEL",
    state: "no effect",
    reason: "TRACKFLARE_LOG_REQUESTS logs each request; errors are always logged",
  },
  { variable: "MLFLOW_MYSQL_SSL_CA", state: "no effect", reason: DATABASE },
  { variable: "MLFLOW_MYSQL_SSL_CERT", state: "no effect", reason: DATABASE },
  { variable: "MLFLOW_MYSQL_SSL_KEY", state: "no effect", reason: DATABASE },
  { variable: "MLFLOW_SQLALCHEMYSTORE_ECHO", state: "no effect", reason: DATABASE },
  { variable: "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW", state: "no effect", reason: DATABASE },
  { variable: "MLFLOW_SQLALCHEMYSTORE_POOLCLASS", state: "no effect", reason: DATABASE },
  { variable: "MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE", state: "no effect", reason: DATABASE },
  { variable: "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", state: "no effect", reason: DATABASE },
  { variable: "MLFLOW_SQL_TRACE_ROLLUPS_ENABLED", state: "no effect", reason: TRACES },
  { variable: "MLFLOW_TRACE_DELETE_MAX_WORKERS", state: "no effect", reason: TRACES },
  { variable: "MLFLOW_ENABLE_AI_GATEWAY", state: "no effect", reason: GATEWAY },
  { variable: "MLFLOW_GATEWAY_ALLOWED_PROVIDERS", state: "no effect", reason: GATEWAY },
  { variable: "MLFLOW_GATEWAY_MAX_DECOMPRESSED_REQUEST_SIZE", state: "no effect", reason: GATEWAY },
  { variable: "MLFLOW_GATEWAY_URI", state: "no effect", reason: GATEWAY },
  { variable: "MLFLOW_DEPLOYMENTS_TARGET", state: "no effect", reason: GATEWAY },
  { variable: "MLFLOW_ASSISTANT_SANDBOX_CLI_IMAGE", state: "no effect", reason: ASSISTANT },
  { variable: "MLFLOW_ENABLE_ASSISTANT_SANDBOX", state: "no effect", reason: ASSISTANT },
  { variable: "MLFLOW_ENABLE_REMOTE_ASSISTANT", state: "no effect", reason: ASSISTANT },
  { variable: "MLFLOW_SANDBOX_DOCKER_IMAGE", state: "no effect", reason: ASSISTANT },
  { variable: "MLFLOW_SANDBOX_EGRESS_PROXY", state: "no effect", reason: ASSISTANT },
  { variable: "MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY", state: "no effect", reason: CATALOG },
  { variable: "MLFLOW_SERVER_ENABLE_JOB_EXECUTION", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_ENABLE_CUSTOM_SCORERS", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_SCORER_INVOKE_BATCH_SIZE", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_GENAI_EVAL_ENABLE_SCORER_TRACING", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_JOB_DEFAULT_TIMEOUT", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_JOB_ENABLE_PERIODIC_TASKS", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_JOB_EXECUTION_ENGINE", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_JOB_FLUSH_PERIODIC_LOCKS_ON_STARTUP", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_JOB_HUEY_REDIS_URL", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_JOB_LEASE_TTL", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_JOB_TRANSIENT_ERROR_MAX_RETRIES", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_JOB_TRANSIENT_ERROR_RETRY_BASE_DELAY", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_SERVER_JOB_TRANSIENT_ERROR_RETRY_MAX_DELAY", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_JOBS_DOCKER_HOST", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_JOB_CUSTOM_SCORER_EXECUTOR_BACKEND", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_JOB_DEFAULT_EXECUTOR_BACKEND", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_JOB_EXTRA_LABELS", state: "no effect", reason: JOBS },
  { variable: "MLFLOW_JOB_IMAGE", state: "no effect", reason: JOBS },
];
