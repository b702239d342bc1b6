import { DEFAULT_LEVELS } from "../domain/access.ts";
import { type LocationRules, SERVED_ROOT } from "../domain/artifact-location.ts";
import { MlflowError } from "../domain/errors.ts";
import { type S3Settings, type S3Variables, s3Settings } from "../domain/s3-settings.ts";
import { atLeast, oneOf, orElse, readSettings, type SettingsOf, text } from "../domain/setting.ts";
import {
  adminSettings,
  artifactSettings,
  callerSettings,
  cellSettings,
  contactSettings,
  isYes,
  loginSettings,
  ssoSettings,
  standingSettings,
} from "../domain/settings.ts";
import type { SsoSettings } from "../services/access/sso/settings.ts";
import type { PresignedUse } from "../services/context.ts";
import type { CellSettings } from "../stores/run/placement.ts";
import { type HostRule, hostRule, originsIn } from "./callers.ts";

const onOff = orElse(oneOf(["0", "1"], "must be 0 or 1"), "0");

const settings = {
  ...adminSettings,
  /** Set by the local command when it listens on loopback and no credentials are configured. */
  TRACKFLARE_LOCAL: onOff,
  /** Where artifacts go: the R2 bucket, or the local command's folder. */
  TRACKFLARE_ARTIFACTS: orElse(oneOf(["r2", "folder"], "must be r2 or folder"), "r2"),
  ...cellSettings,
  /** The account's Cloudflare plan, which limits the D1 queries of one invocation. */
  TRACKFLARE_WORKERS_PLAN: orElse(oneOf(["free", "paid"], "must be free or paid"), "free"),
  /** Set by the local command for --expose-prometheus: /metrics shows this isolate's counts; locally there is one isolate. */
  TRACKFLARE_METRICS: onOff,
  /** Whether to log a line of JSON for each request. */
  TRACKFLARE_LOG_REQUESTS: onOff,
  /** The secret that signs URLs which need no other credential; the local command makes a new one at each start. */
  TRACKFLARE_URL_SECRET: text(atLeast(16)),
  ...standingSettings,
  ...ssoSettings,
  ...artifactSettings,
  ...callerSettings,
  ...loginSettings,
  ...contactSettings,
};

/** The admin's name and secrets. */
export interface AdminCredentials {
  readonly username: string;
  readonly password: string | undefined;
  readonly token: string | undefined;
}

export interface Config {
  /** The admin; undefined while no secret is set. */
  readonly admin: AdminCredentials | undefined;
  /** Whether callers need credentials: of the settings' admin, or of users. */
  readonly asksForCredentials: boolean;
  /** The secret by which the first admin is made, while there is none. */
  readonly setupToken: string | undefined;
  /** Where to report a vulnerability; undefined where the operator names no place. */
  readonly securityContact: string | undefined;
  /** All settings about the admin, in one text. */
  readonly adminSecrets: string | undefined;
  /** How people sign in with an identity provider; undefined if the settings name no provider or no admin. */
  readonly sso: SsoSettings | undefined;
  /** The URL by which browsers reach this server, with its path prefix; undefined where the request's own URL is right. */
  readonly publicUrl: string | undefined;
  /** Whether local requests need no credentials. */
  readonly isOpenLocally: boolean;
  readonly artifactStore: "r2" | "folder";
  /** The S3 bucket that holds artifacts in place of `artifactStore`, where the settings name one. */
  readonly bucket: S3Settings | undefined;
  /** The permission level of a user on everything that no grant of the user covers. */
  readonly defaultLevel: number;
  /** How many proxies in front of a server on one machine tell its clients' addresses. */
  readonly trustedProxies: number;
  /** The most requests of one caller in a minute; undefined for no limit. */
  readonly requestsPerMinute: number | undefined;
  /** The bucket in which clients store by themselves, and which this server can read; its folder is the default root. */
  readonly directBucket: S3Settings | undefined;
  /** Whether the local command serves, not the edge. */
  readonly isOnOneMachine: boolean;
  readonly countsRequests: boolean;
  readonly logsRequests: boolean;
  /** Whether server-info tells clients to send large files in parts. */
  readonly announcesMultipart: boolean;
  /** Whether server-info tells clients to fetch files from the bucket themselves. */
  readonly announcesPresigned: boolean;
  readonly presigned: PresignedUse;
  readonly presignedSeconds: number;
  /** Whether artifacts pass through this server. */
  readonly isServingArtifacts: boolean;
  /** Whether this server serves artifacts only; another server has the runs and experiments. */
  readonly isArtifactsOnly: boolean;
  /** The secret that signs URLs which need no other credential; undefined where none is set. */
  readonly urlSecret: string | undefined;
  readonly locations: LocationRules;
  /** Where the metric histories of new runs go. */
  readonly cells: CellSettings;
  /** Which hosts may be called; undefined where no list is set. */
  readonly allowedHost: HostRule | undefined;
  /** Origins of other servers' pages that may call. */
  readonly allowedOrigins: ReadonlySet<string>;
  /** A path prefix, such as `/mlflow`, below which this server answers too; "" for none. */
  readonly staticPrefix: string;
  /** Who may show the UI in a frame, as the value of frame-ancestors in a Content-Security-Policy. */
  readonly frameAncestors: string;
}

/** MLflow's values of `X-Frame-Options`, as values of the policy's frame-ancestors, which replaced that header. */
const FRAME_ANCESTORS = { DENY: "'none'", SAMEORIGIN: "'self'", NONE: "*" } as const;

let parsed: { readonly env: Env; readonly config: Config } | undefined;

/**
 * The settings in `env`, parsed once per isolate.
 * @throws MlflowError TEMPORARILY_UNAVAILABLE, naming every wrong setting and what it must be, for the operator to read in
 *   any client. The message shows no setting's value.
 */
export function configOf(env: Env): Config {
  if (parsed?.env !== env) parsed = { env, config: parseConfig(env) };
  return parsed.config;
}

function bucketOf(variables: S3Variables): S3Settings | undefined {
  try {
    return s3Settings(variables);
  } catch (error) {
    throw wrongSettings(error instanceof Error ? error.message : String(error));
  }
}

/**
 * The bucket of the operator's default root, otherwise of the server's own artifacts, if there are credentials for it.
 * Clients may know a bucket by a name that this server cannot use: then the server reads nothing there.
 */
function directBucketOf(variables: S3Variables & { MLFLOW_DEFAULT_ARTIFACT_ROOT?: string | undefined }) {
  const { MLFLOW_DEFAULT_ARTIFACT_ROOT: root, ...rest } = variables;
  try {
    return s3Settings(root?.startsWith("s3:") ? { ...rest, MLFLOW_ARTIFACTS_DESTINATION: root } : rest);
  } catch {
    return undefined;
  }
}

function wrongSettings(problems: string): MlflowError {
  return new MlflowError("TEMPORARILY_UNAVAILABLE", `The server's settings are wrong: ${problems}`);
}

/**
 * Cloudflare accepts no body over 100 MB. MLflow 3.18 clients send every file in parts if the server says that there is no
 * other way. Earlier clients ignore that and send files whole.
 */
function presignedUse(setting: string | undefined, isOnEdge: boolean): PresignedUse {
  if (setting !== undefined) return isYes(setting, false) ? "only" : "off";
  return isOnEdge ? "offered" : "off";
}

function ssoOf(given: SettingsOf<typeof ssoSettings>): SsoSettings | undefined {
  const { TRACKFLARE_OIDC_ISSUER: issuer, TRACKFLARE_OIDC_CLIENT_ID: clientId } = given;
  const { TRACKFLARE_ACCESS_TEAM: team, TRACKFLARE_ACCESS_AUDIENCE: audience } = given;
  if ((issuer === undefined) !== (clientId === undefined)) {
    throw wrongSettings("TRACKFLARE_OIDC_ISSUER and TRACKFLARE_OIDC_CLIENT_ID must be set both, or neither.");
  }
  if ((team === undefined) !== (audience === undefined)) {
    throw wrongSettings("TRACKFLARE_ACCESS_TEAM and TRACKFLARE_ACCESS_AUDIENCE must be set both, or neither.");
  }
  if (issuer === undefined && team === undefined) return undefined;
  return {
    oidc:
      issuer === undefined || clientId === undefined
        ? undefined
        : {
            issuer,
            clientId,
            clientSecret: given.TRACKFLARE_OIDC_CLIENT_SECRET,
            name: given.TRACKFLARE_OIDC_NAME ?? new URL(issuer).hostname,
            scopes: given.TRACKFLARE_OIDC_SCOPES ?? "openid email profile",
          },
    access: team === undefined ? undefined : { issuer: team.replace(/\/+$/, ""), audiences: wordsIn(audience) },
    usernameClaim: given.TRACKFLARE_SSO_USERNAME_CLAIM ?? "email",
    groupsClaim: given.TRACKFLARE_SSO_GROUPS_CLAIM ?? "groups",
    adminGroups:
      given.TRACKFLARE_SSO_ADMIN_GROUPS === undefined ? undefined : wordsIn(given.TRACKFLARE_SSO_ADMIN_GROUPS),
    rolesOfGroups: wordsIn(given.TRACKFLARE_SSO_ROLES).map((pair) => {
      const [group = "", role = ""] = pair.split("=").map((word) => word.trim());
      return { group, role };
    }),
  };
}

function wordsIn(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function parseConfig(env: Env): Config {
  const { values, problems } = readSettings(settings, env as unknown as Record<string, unknown>);
  if (problems.size > 0) {
    throw wrongSettings(`${Array.from(problems, ([name, problem]) => `${name} ${problem}`).join("; ")}.`);
  }
  const { TRACKFLARE_ADMIN_PASSWORD: password, TRACKFLARE_ADMIN_TOKEN: token, ...rest } = values;
  const admin =
    password === undefined && token === undefined
      ? undefined
      : { username: rest.TRACKFLARE_ADMIN_USERNAME ?? "admin", password, token };
  const isOnEdge = rest.TRACKFLARE_ARTIFACTS === "r2";
  const asksForCredentials = admin !== undefined || rest.TRACKFLARE_LOGIN === "1";
  return {
    admin,
    asksForCredentials,
    securityContact: rest.TRACKFLARE_SECURITY_CONTACT,
    setupToken: admin === undefined ? rest.TRACKFLARE_SETUP_TOKEN : undefined,
    adminSecrets: admin && JSON.stringify([admin.username, password, token]),
    sso: admin && ssoOf(rest),
    publicUrl: rest.TRACKFLARE_URL?.replace(/\/+$/, ""),
    isOpenLocally: rest.TRACKFLARE_LOCAL === "1" && !asksForCredentials,
    artifactStore: rest.TRACKFLARE_ARTIFACTS,
    countsRequests: rest.TRACKFLARE_METRICS === "1",
    logsRequests: rest.TRACKFLARE_LOG_REQUESTS === "1",
    bucket: bucketOf(rest),
    directBucket: directBucketOf(rest),
    defaultLevel: DEFAULT_LEVELS[rest.TRACKFLARE_DEFAULT_PERMISSION ?? "READ"],
    trustedProxies: Number(rest.TRACKFLARE_TRUSTED_PROXIES ?? 0),
    requestsPerMinute: rest.TRACKFLARE_RATE_LIMIT === undefined ? undefined : Number(rest.TRACKFLARE_RATE_LIMIT),
    isOnOneMachine: rest.TRACKFLARE_ARTIFACTS === "folder",
    presigned: presignedUse(rest.MLFLOW_ARTIFACTS_PRESIGNED_ONLY, isOnEdge),
    presignedSeconds: Number(rest.MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS ?? 3600),
    // On one machine no platform limits the size of a body. There, parts go to the address that this server was called by,
    // which a proxy may have changed, or to a bucket, which clients may be unable to reach.
    announcesMultipart: isYes(rest.MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD, isOnEdge),
    announcesPresigned: isYes(rest.MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD, false),
    isServingArtifacts: isYes(rest.MLFLOW_SERVE_ARTIFACTS, true),
    urlSecret: rest.TRACKFLARE_URL_SECRET ?? token ?? password,
    isArtifactsOnly: isYes(rest.MLFLOW_ARTIFACTS_ONLY, false),
    locations: {
      defaultRoot: rest.MLFLOW_DEFAULT_ARTIFACT_ROOT ?? SERVED_ROOT,
      allowedHostSchemes: new Set(
        (rest.MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES ?? "").toLowerCase().split(/[, ]+/),
      ),
    },
    cells: {
      ofAll: Number(rest.TRACKFLARE_CELLS),
      ofExperiment: Number(rest.TRACKFLARE_CELLS_PER_EXPERIMENT),
    },
    allowedHost: rest.MLFLOW_SERVER_ALLOWED_HOSTS ? hostRule(rest.MLFLOW_SERVER_ALLOWED_HOSTS) : undefined,
    allowedOrigins: originsIn(rest.MLFLOW_SERVER_CORS_ALLOWED_ORIGINS ?? ""),
    staticPrefix: rest.MLFLOW_STATIC_PREFIX ?? "",
    frameAncestors: FRAME_ANCESTORS[rest.MLFLOW_SERVER_X_FRAME_OPTIONS ?? "DENY"],
  };
}
