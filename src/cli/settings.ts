import { randomBytes } from "node:crypto";
import { isIPv4 } from "node:net";
import { resolve } from "node:path";
import { isServed } from "../domain/artifact-location.ts";
import { s3Settings } from "../domain/s3-settings.ts";
import { orElse, readSettings, rule, type SettingsOf, type SettingsSchema, text } from "../domain/setting.ts";
import {
  adminSettings,
  artifactSettings,
  callerSettings,
  contactSettings,
  isYes,
  ssoSettings,
  standingSettings,
} from "../domain/settings.ts";
import { withMlflowAuth } from "./auth-config.ts";
import { UserError } from "./user-error.ts";

/** The checked settings from the command line and the environment. `admin` is undefined if no secret is set. */
export interface ServerSettings {
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** Absolute. Everything the server keeps is in here. */
  readonly dataDir: string;
  readonly admin: AdminSecret | undefined;
  /** The secret by which the first admin is made; undefined unless the login is on without an admin. */
  readonly setupToken: string | undefined;
  /** A user's permission without a grant, where the login is on without an admin. */
  readonly defaultPermission: AdminSecret["TRACKFLARE_DEFAULT_PERMISSION"];
  /** The Worker's vars for host names, origins and paths, if a flag or the environment sets them. */
  readonly standing: SettingsOf<typeof standingSettings>;
  /** The Worker's vars for logs and metrics, if set. */
  readonly telling: { readonly TRACKFLARE_METRICS?: "1"; readonly TRACKFLARE_LOG_REQUESTS?: "1" };
  /** The Worker's vars for limits, proxies and the contact for security, if set. */
  readonly callers: SettingsOf<typeof callerSettings> & SettingsOf<typeof contactSettings>;
  /** The Worker's vars for artifacts, if set. */
  readonly artifacts: SettingsOf<typeof artifactSettings>;
}

/** The Worker's vars of the same names, if the environment sets them. At least the password or the token is set. */
export type AdminSecret = SettingsOf<typeof closedSettings>;

/** The vars of a server that asks for credentials. */
const closedSettings = { ...adminSettings, ...ssoSettings };

const PORT_RULE = "--port (MLFLOW_PORT) must be a whole number from 0 to 65535";

const FLAGS = {
  host: orElse(
    text(
      rule((host) => host.trim() !== "", "--host (MLFLOW_HOST) is empty: give an address such as 127.0.0.1 or 0.0.0.0"),
    ),
    "",
  ),
  port: orElse(text(rule((port) => /^\d+$/.test(port) && Number(port) <= 65_535, PORT_RULE)), ""),
  dataDir: orElse(
    text(
      rule(
        (folder) => folder !== "",
        "--data-dir (TRACKFLARE_DATA_DIR) is empty: name a folder, such as ./trackflare-data",
      ),
    ),
    "",
  ),
};

/**
 * Ports that browsers and Node's fetch refuse to open (fetch.spec.whatwg.org/#port-blocking). The list includes ports below
 * 1024, because root and containers may open them.
 */
const BLOCKED_PORTS = new Set(
  (
    "1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 " +
    "137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 " +
    "1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080"
  )
    .split(" ")
    .map(Number),
);

/**
 * Reads the flags of `trackflare server` and the environment, once.
 * @throws {UserError} with one line for each wrong value, which names the fix.
 */
export function parseServerSettings(
  flags: Readonly<Record<string, unknown>>,
  given: NodeJS.ProcessEnv,
): ServerSettings {
  const { environment } = withMlflowAuth(given);
  const { values, problems } = readSettings(FLAGS, flags);
  if (problems.size > 0) throw new UserError([...problems.values()].join("\n"));
  const port = Number(values.port);
  const host = values.host.trim().replace(/^\[(.*)\]$/, "$1");
  if (BLOCKED_PORTS.has(port)) {
    throw new UserError(
      `Browsers refuse to open port ${port}, which belongs to another protocol, so nobody would see the UI. ` +
        "Choose another with --port (MLFLOW_PORT), for instance --port 5000.",
    );
  }
  if (flags.appName !== undefined && flags.appName !== "basic-auth") {
    throw new UserError(`--app-name ${String(flags.appName)}: basic-auth is the only app.`);
  }
  const admin = parseAdmin(environment);
  const setupToken = admin === undefined && flags.appName !== undefined ? newSetupToken() : undefined;
  if (!isLoopback(host) && admin === undefined && setupToken === undefined) {
    throw new UserError(
      `${host} can be reached from other machines, so an admin secret must be set first: ` +
        "TRACKFLARE_ADMIN_PASSWORD (with TRACKFLARE_ADMIN_USERNAME, by default admin) or TRACKFLARE_ADMIN_TOKEN. " +
        "Or let the first admin be made on a page of the server: --app-name basic-auth. " +
        "Without either the server listens on 127.0.0.1 only.",
    );
  }
  // A name may resolve to two addresses. workerd would listen on one, and a client would try the other.
  return {
    host: host === "localhost" ? "127.0.0.1" : host,
    port,
    dataDir: resolve(values.dataDir),
    admin,
    setupToken,
    defaultPermission: setupToken === undefined ? undefined : parseDefaultPermission(environment),
    standing: parseVars(standingSettings, STANDING_FLAGS, flags),
    telling: {
      ...(flags.exposePrometheus ? { TRACKFLARE_METRICS: "1" } : {}),
      ...(environment.TRACKFLARE_LOG_REQUESTS === "1" ? { TRACKFLARE_LOG_REQUESTS: "1" } : {}),
    },
    callers: parseVars({ ...callerSettings, ...contactSettings }, CALLER_FLAGS, {
      ...flags,
      rateLimit: environment.TRACKFLARE_RATE_LIMIT,
      securityContact: environment.TRACKFLARE_SECURITY_CONTACT,
    }),
    artifacts: parseArtifacts(flags, environment),
  };
}

/** The flags under the Worker's names. The command line has already read the variables of these flags. */
const STANDING_FLAGS = {
  allowedHosts: ["--allowed-hosts", "MLFLOW_SERVER_ALLOWED_HOSTS"],
  corsAllowedOrigins: ["--cors-allowed-origins", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"],
  staticPrefix: ["--static-prefix", "MLFLOW_STATIC_PREFIX"],
  xFrameOptions: ["--x-frame-options", "MLFLOW_SERVER_X_FRAME_OPTIONS"],
} as const;

const CALLER_FLAGS = {
  trustedProxies: ["--trusted-proxies", "TRACKFLARE_TRUSTED_PROXIES"],
  rateLimit: ["TRACKFLARE_RATE_LIMIT", "TRACKFLARE_RATE_LIMIT"],
  securityContact: ["TRACKFLARE_SECURITY_CONTACT", "TRACKFLARE_SECURITY_CONTACT"],
} as const;

const ARTIFACT_FLAGS = {
  serveArtifacts: ["--serve-artifacts", "MLFLOW_SERVE_ARTIFACTS"],
  artifactsOnly: ["--artifacts-only", "MLFLOW_ARTIFACTS_ONLY"],
  artifactsPresignedOnly: ["--artifacts-presigned-only", "MLFLOW_ARTIFACTS_PRESIGNED_ONLY"],
  artifactsDestination: ["--artifacts-destination", "MLFLOW_ARTIFACTS_DESTINATION"],
  defaultArtifactRoot: ["--default-artifact-root", "MLFLOW_DEFAULT_ARTIFACT_ROOT"],
} as const;

/** Boolean flags read their variables here, because commander would read any value of a variable as true. */
const SWITCHES = ["serveArtifacts", "artifactsOnly", "artifactsPresignedOnly"] as const;

function parseArtifacts(
  flags: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
): ServerSettings["artifacts"] {
  const switches = SWITCHES.map((flag) => [flag, flags[flag]?.toString() ?? environment[ARTIFACT_FLAGS[flag][1]]]);
  const artifacts = parseVars(artifactSettings, ARTIFACT_FLAGS, { ...flags, ...Object.fromEntries(switches) });
  const root = artifacts.MLFLOW_DEFAULT_ARTIFACT_ROOT;
  const isServing = isYes(artifacts.MLFLOW_SERVE_ARTIFACTS, true);
  for (const name of ["MLFLOW_ARTIFACTS_ONLY", "MLFLOW_ARTIFACTS_PRESIGNED_ONLY"] as const) {
    if (isServing || !isYes(artifacts[name], false)) continue;
    throw new UserError(
      `--no-serve-artifacts and ${name} cannot both be: artifacts pass through this server or do not.`,
    );
  }
  if (!isServing && (root === undefined || isServed(root))) {
    throw new UserError(
      "--no-serve-artifacts leaves clients no place for artifacts: name one with --default-artifact-root " +
        "(MLFLOW_DEFAULT_ARTIFACT_ROOT), such as s3://bucket/folder.",
    );
  }
  const given = { ...artifacts, ...setOf(environment, ...ARTIFACT_VARIABLES) };
  // Where clients store in a bucket by themselves, the credentials let the web UI show their files.
  if (given.MLFLOW_ARTIFACTS_DESTINATION === undefined && !root?.startsWith("s3:")) return given;
  const bucket = { ...given, ...setOf(environment, ...BUCKET_VARIABLES) };
  try {
    s3Settings(bucket);
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error));
  }
  return bucket;
}

const ARTIFACT_VARIABLES = [
  "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES",
  "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD",
  "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD",
  "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS",
] as const;

/** The variables for access to a bucket, which have no flags. MLflow and Amazon's own clients read the same variables. */
const BUCKET_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_DEFAULT_REGION",
  "MLFLOW_S3_ENDPOINT_URL",
  "MLFLOW_S3_UPLOAD_EXTRA_ARGS",
] as const;

/** The variables that are set and not empty. */
function setOf(environment: NodeJS.ProcessEnv, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name];
      return value ? [[name, value]] : [];
    }),
  );
}

function parseVars<Schema extends SettingsSchema>(
  schema: Schema,
  names: Readonly<Record<string, readonly [string, string]>>,
  flags: Readonly<Record<string, unknown>>,
): SettingsOf<Schema> {
  const given = Object.entries(names).flatMap(([flag, [, name]]) => (flags[flag] ? [[name, flags[flag]]] : []));
  const { values, problems } = readSettings(schema, Object.fromEntries(given));
  if (problems.size === 0) return values;
  const flagOf = new Map(Object.values(names).map(([flag, name]) => [name, flag]));
  throw new UserError(Array.from(problems, ([name, problem]) => `${flagOf.get(name)} (${name}) ${problem}`).join("\n"));
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** A line for each key of MLflow's ini file that has no effect here. */
export function ignoredAuthKeys(environment: NodeJS.ProcessEnv): string[] {
  const { ignored } = withMlflowAuth(environment);
  return ignored.map((key) => `Without effect: ${key} (MLFLOW_AUTH_CONFIG_PATH).`);
}

/** 256 random bits: a new token at each start, which only the person who starts the server sees. */
function newSetupToken(): string {
  return randomBytes(32).toString("base64url");
}

function parseDefaultPermission({ TRACKFLARE_DEFAULT_PERMISSION: given }: NodeJS.ProcessEnv) {
  const { TRACKFLARE_DEFAULT_PERMISSION } = adminSettings;
  const { values, problems } = readSettings(
    { TRACKFLARE_DEFAULT_PERMISSION },
    { TRACKFLARE_DEFAULT_PERMISSION: given || undefined },
  );
  for (const [name, problem] of problems) throw new UserError(`${name} ${problem}`);
  return values.TRACKFLARE_DEFAULT_PERMISSION;
}

/** An empty variable counts as not set, as in a shell's `${NAME:-default}`. */
function parseAdmin(environment: NodeJS.ProcessEnv): AdminSecret | undefined {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const { values: admin, problems } = readSettings(closedSettings, set);
  if (problems.size > 0) {
    throw new UserError(Array.from(problems, ([name, problem]) => `${name} ${problem}`).join("\n"));
  }
  if (admin.TRACKFLARE_ADMIN_PASSWORD !== undefined || admin.TRACKFLARE_ADMIN_TOKEN !== undefined) return admin;
  if (admin.TRACKFLARE_OIDC_ISSUER !== undefined || admin.TRACKFLARE_ACCESS_TEAM !== undefined) {
    throw new UserError(
      "Single sign-on needs an admin who can sign in without it: set TRACKFLARE_ADMIN_PASSWORD or TRACKFLARE_ADMIN_TOKEN.",
    );
  }
  if (admin.TRACKFLARE_ADMIN_USERNAME === undefined) return undefined;
  throw new UserError("TRACKFLARE_ADMIN_USERNAME is set without TRACKFLARE_ADMIN_PASSWORD: set both or neither");
}
