import { Option } from "commander";
import { MLFLOW_VARIABLES, WORKSPACES } from "./mlflow-variables.ts";
import { UserError } from "./user-error.ts";

/** How this server treats a flag of `mlflow server`. */
export interface MlflowFlag {
  /** The flag in commander's syntax, with the value's name. The long name is MLflow's. */
  readonly flag: string;
  /** MLflow's environment variable for the flag, if it has one. */
  readonly variable?: string;
  readonly state: "honoured" | "no effect" | "refused";
  /** One line: what the flag does here, or why it does nothing. */
  readonly reason: string;
}

const STORES =
  "everything is kept in one folder, which --data-dir names; `trackflare import` brings what another store holds";
const PROCESSES = "one process serves, and has no Python server to tune";
const SECRETS = "there are no gateway secrets to keep";

/** Every flag of `mlflow server` (3.18), in MLflow's order. docs/flags.md has the same table. */
export const MLFLOW_FLAGS: readonly MlflowFlag[] = [
  { flag: "--backend-store-uri <uri>", variable: "MLFLOW_BACKEND_STORE_URI", state: "refused", reason: STORES },
  {
    flag: "--read-replica-backend-store-uri <uri>",
    variable: "MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
    state: "refused",
    reason: "there is one store, and no replica of it",
  },
  { flag: "--registry-store-uri <uri>", variable: "MLFLOW_REGISTRY_STORE_URI", state: "refused", reason: STORES },
  {
    flag: "--default-artifact-root <uri>",
    variable: "MLFLOW_DEFAULT_ARTIFACT_ROOT",
    state: "honoured",
    reason: "where new experiments keep artifacts; clients write to any other place than mlflow-artifacts:/ themselves",
  },
  {
    flag: "--serve-artifacts",
    variable: "MLFLOW_SERVE_ARTIFACTS",
    state: "honoured",
    reason:
      "whether clients may send artifacts through this server; --no-serve-artifacts needs --default-artifact-root",
  },
  {
    flag: "--artifacts-only",
    variable: "MLFLOW_ARTIFACTS_ONLY",
    state: "honoured",
    reason:
      "artifacts and nothing else; who may read one is decided by its run, so here only the admin, or everybody on loopback",
  },
  {
    flag: "--artifacts-presigned-only",
    variable: "MLFLOW_ARTIFACTS_PRESIGNED_ONLY",
    state: "honoured",
    reason:
      "clients send and fetch artifacts by presigned URLs alone, of the bucket or of this server; those before 3.18 are told 403",
  },
  {
    flag: "--artifacts-destination <uri>",
    variable: "MLFLOW_ARTIFACTS_DESTINATION",
    state: "honoured",
    reason:
      "the bucket that artifacts are kept in, s3://bucket/folder; without it files in <data-dir>/artifacts, on Cloudflare the R2 bucket of wrangler.toml",
  },
  { flag: "-h, --host <host>", variable: "MLFLOW_HOST", state: "honoured", reason: "the address to listen on" },
  {
    flag: "-p, --port <port>",
    variable: "MLFLOW_PORT",
    state: "honoured",
    reason: "the port to listen on; 0 for a free one",
  },
  { flag: "-w, --workers <number>", variable: "MLFLOW_WORKERS", state: "no effect", reason: PROCESSES },
  {
    flag: "--static-prefix <path>",
    variable: "MLFLOW_STATIC_PREFIX",
    state: "honoured",
    reason: "the server answers below the path too; without the path it still answers as before",
  },
  {
    flag: "--allowed-hosts <hosts>",
    variable: "MLFLOW_SERVER_ALLOWED_HOSTS",
    state: "honoured",
    reason:
      "names that the server may be called by; a name without port covers every port, names of this machine are always allowed",
  },
  {
    flag: "--cors-allowed-origins <origins>",
    variable: "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
    state: "honoured",
    reason: "other sites whose pages may call; pages of this machine always may",
  },
  {
    flag: "--disable-security-middleware",
    variable: "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
    state: "refused",
    reason: "say what may call by --allowed-hosts and --cors-allowed-origins, each of which takes *",
  },
  {
    flag: "--x-frame-options <value>",
    variable: "MLFLOW_SERVER_X_FRAME_OPTIONS",
    state: "honoured",
    reason: "who may show the UI in a frame: DENY (nobody, the default here), SAMEORIGIN, or NONE (everybody)",
  },
  { flag: "--gunicorn-opts <options>", variable: "MLFLOW_GUNICORN_OPTS", state: "no effect", reason: PROCESSES },
  { flag: "--waitress-opts <options>", state: "no effect", reason: PROCESSES },
  { flag: "--uvicorn-opts <options>", variable: "MLFLOW_UVICORN_OPTS", state: "no effect", reason: PROCESSES },
  {
    flag: "--dev",
    state: "refused",
    reason: "to work on the server itself: `npm start`, and `npm run ui:dev` for the UI",
  },
  {
    flag: "--expose-prometheus <folder>",
    variable: "MLFLOW_EXPOSE_PROMETHEUS",
    state: "honoured",
    reason: "/metrics for Prometheus, with MLflow's names; the folder that MLflow needs for its processes is not",
  },
  {
    flag: "--app-name <name>",
    state: "honoured",
    reason:
      "basic-auth turns the login on; without an admin's password the server prints a link by which the first admin is made",
  },
  {
    flag: "--trace-archival-config <file>",
    variable: "MLFLOW_TRACE_ARCHIVAL_CONFIG",
    state: "refused",
    reason: "there is no archive of traces",
  },
  { flag: "--secrets-cache-ttl <seconds>", state: "no effect", reason: SECRETS },
  { flag: "--secrets-cache-max-size <entries>", state: "no effect", reason: SECRETS },
  { flag: "--workspace-store-uri <uri>", variable: "MLFLOW_WORKSPACE_STORE_URI", state: "refused", reason: WORKSPACES },
  { flag: "--enable-workspaces", state: "refused", reason: WORKSPACES },
];

/** The defaults of MLflow's switches, which are also this server's defaults. */
const DEFAULTS = ["--disable-workspaces"];

/** Options for the flags that do nothing here, so that the command line accepts them. The help omits them. */
export function foreignOptions(): Option[] {
  const flags = MLFLOW_FLAGS.filter(({ state }) => state !== "honoured").map(({ flag }) => flag);
  return [...flags, ...DEFAULTS].map((flag) => new Option(flag).hideHelp());
}

/**
 * Checks the flags that do nothing here, and their variables.
 * @returns a line for each given flag or variable without effect.
 * @throws {UserError} with a line for each refused flag or variable, and the reason.
 */
export function judgeForeignFlags(flags: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv): string[] {
  const isGiven = (value: unknown) => value !== undefined && !/^(false|0|)$/i.test(String(value));
  const ofFlags = MLFLOW_FLAGS.filter(({ flag, variable }) =>
    isGiven(flags[new Option(flag).attributeName()] ?? (variable && environment[variable])),
  ).map(({ flag, variable, ...rest }) => ({ name: nameOf(flag) + (variable ? ` (${variable})` : ""), ...rest }));
  const ofVariables = MLFLOW_VARIABLES.filter(({ variable }) => isGiven(environment[variable])).map(
    ({ variable, ...rest }) => ({ name: variable, ...rest }),
  );
  const lines = (state: MlflowFlag["state"]) =>
    [...ofFlags, ...ofVariables].filter((one) => one.state === state).map(({ name, reason }) => `${name}: ${reason}.`);
  const refused = lines("refused");
  if (refused.length > 0)
    throw new UserError(`Not offered:\n${refused.join("\n")}\nAll flags of \`mlflow server\` are in docs/flags.md.`);
  return lines("no effect").map((line) => `Without effect: ${line}`);
}

/** The long name alone. */
export function nameOf(flag: string): string {
  return /--[\w-]+/.exec(flag)?.[0] ?? flag;
}
