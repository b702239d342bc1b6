import * as z from "zod/mini";
import { DEFAULT_LEVELS } from "../domain/access.ts";
import { type LocationRules, SERVED_ROOT } from "../domain/artifact-location.ts";
import { MlflowError } from "../domain/errors.ts";
import { type S3Settings, type S3Variables, s3Settings } from "../domain/s3-settings.ts";
import {
  adminSettings,
  artifactSettings,
  cellSettings,
  isYes,
  ssoSettings,
  standingSettings,
} from "../domain/settings.ts";
import type { SsoSettings } from "../services/access/sso/settings.ts";
import type { PresignedUse } from "../services/context.ts";
import type { CellSettings } from "../stores/run/placement.ts";
import { type HostRule, hostRule, originsIn } from "./callers.ts";

const settings = z.extend(adminSettings, {
  /** Set by the local command when it listens on loopback and no credentials are configured. */
  TRACKFLARE_LOCAL: z._default(z.enum(["0", "1"], "must be 0 or 1"), "0"),
  /** Where artifacts go: the R2 bucket, or the local command's folder. */
  TRACKFLARE_ARTIFACTS: z._default(z.enum(["r2", "folder"], "must be r2 or folder"), "r2"),
  ...cellSettings.shape,
  /** The account's plan at Cloudflare, which says how many queries of D1 an invocation may have. */
  TRACKFLARE_WORKERS_PLAN: z._default(z.enum(["free", "paid"], "must be free or paid"), "free"),
  /** Set by the local command for --expose-prometheus: /metrics has this isolate's counts, which are all there are then. */
  TRACKFLARE_METRICS: z._default(z.enum(["0", "1"], "must be 0 or 1"), "0"),
  /** A line of JSON for each request. */
  TRACKFLARE_LOG_REQUESTS: z._default(z.enum(["0", "1"], "must be 0 or 1"), "0"),
  /** What URLs are signed with that need no other credential; the local command gives a new one at each start. */
  TRACKFLARE_URL_SECRET: z.optional(z.string().check(z.minLength(16, "must have at least 16 characters"))),
  ...standingSettings.shape,
  ...ssoSettings.shape,
  ...artifactSettings.shape,
});

/** Who the admin is, and with which secrets. */
export interface AdminCredentials {
  readonly username: string;
  readonly password: string | undefined;
  readonly token: string | undefined;
}

export interface Config {
  /** Undefined while no secret is set. */
  readonly admin: AdminCredentials | undefined;
  /** All that the settings say of the admin, in one text. */
  readonly adminSecrets: string | undefined;
  /** How people sign in by a provider; undefined where none is named, or no admin is. */
  readonly sso: SsoSettings | undefined;
  /** Where browsers find this server, with the path below which it stands; undefined where requests say it. */
  readonly publicUrl: string | undefined;
  /** Open to local requests without credentials. */
  readonly isOpenLocally: boolean;
  readonly artifactStore: "r2" | "folder";
  /** The S3 bucket that holds artifacts instead, where one is named. */
  readonly bucket: S3Settings | undefined;
  /** What users hold on everything that no grant of theirs is about. */
  readonly defaultLevel: number;
  /** Served by the local command, not by the edge. */
  readonly isOnOneMachine: boolean;
  readonly countsRequests: boolean;
  readonly logsRequests: boolean;
  /** Whether server-info tells clients to send large files by parts. */
  readonly announcesMultipart: boolean;
  /** Whether server-info tells clients to fetch files from the bucket themselves. */
  readonly announcesPresigned: boolean;
  readonly presigned: PresignedUse;
  readonly presignedSeconds: number;
  /** Whether artifacts pass through this server. */
  readonly isServingArtifacts: boolean;
  /** Whether nothing else is served: runs and experiments are another server's. */
  readonly isArtifactsOnly: boolean;
  /** What URLs are signed with that need no other credential; undefined where there is no secret. */
  readonly urlSecret: string | undefined;
  readonly locations: LocationRules;
  /** Where the metric histories of new runs go. */
  readonly cells: CellSettings;
  /** Which hosts may be called; undefined where no list is set. */
  readonly allowedHost: HostRule | undefined;
  /** Of other servers' pages that may call. */
  readonly allowedOrigins: ReadonlySet<string>;
  /** The path below which this server answers too, as `/mlflow`; "" for none. */
  readonly staticPrefix: string;
  /** Who may show the UI in a frame, in the words of a Content-Security-Policy. */
  readonly frameAncestors: string;
}

/** `X-Frame-Options` as MLflow has it, which the policy's frame-ancestors replaced. */
const FRAME_ANCESTORS = { DENY: "'none'", SAMEORIGIN: "'self'", NONE: "*" } as const;

let parsed: { readonly env: Env; readonly config: Config } | undefined;

/**
 * The settings in `env`, parsed once per isolate.
 * @throws MlflowError TEMPORARILY_UNAVAILABLE, naming every wrong setting and what it must be: the operator reads it in
 *   whatever client is at hand, and no value is shown.
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

function wrongSettings(problems: string): MlflowError {
  return new MlflowError("TEMPORARILY_UNAVAILABLE", `The server's settings are wrong: ${problems}`);
}

/**
 * Cloudflare takes no body of more than 100 MB. Clients of MLflow 3.18 send every file by parts where they are told that
 * there is no other way; earlier ones look at no such word, and send files whole.
 */
function presignedUse(setting: string | undefined, isOnEdgeWithR2: boolean): PresignedUse {
  if (setting !== undefined) return isYes(setting, false) ? "only" : "off";
  return isOnEdgeWithR2 ? "offered" : "off";
}

function ssoOf(given: z.infer<typeof ssoSettings>): SsoSettings | undefined {
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
  const result = settings.safeParse(env);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
    throw wrongSettings(`${problems.join("; ")}.`);
  }
  const { TRACKFLARE_ADMIN_PASSWORD: password, TRACKFLARE_ADMIN_TOKEN: token, ...rest } = result.data;
  const admin =
    password === undefined && token === undefined
      ? undefined
      : { username: rest.TRACKFLARE_ADMIN_USERNAME ?? "admin", password, token };
  const keepsInR2 = rest.TRACKFLARE_ARTIFACTS === "r2" && rest.MLFLOW_ARTIFACTS_DESTINATION === undefined;
  return {
    admin,
    adminSecrets: admin && JSON.stringify([admin.username, password, token]),
    sso: admin && ssoOf(rest),
    publicUrl: rest.TRACKFLARE_URL?.replace(/\/+$/, ""),
    isOpenLocally: rest.TRACKFLARE_LOCAL === "1" && admin === undefined,
    artifactStore: rest.TRACKFLARE_ARTIFACTS,
    countsRequests: rest.TRACKFLARE_METRICS === "1",
    logsRequests: rest.TRACKFLARE_LOG_REQUESTS === "1",
    bucket: bucketOf(rest),
    defaultLevel: DEFAULT_LEVELS[rest.TRACKFLARE_DEFAULT_PERMISSION ?? "READ"],
    isOnOneMachine: rest.TRACKFLARE_ARTIFACTS === "folder",
    presigned: presignedUse(rest.MLFLOW_ARTIFACTS_PRESIGNED_ONLY, keepsInR2),
    presignedSeconds: Number(rest.MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS ?? 3600),
    // With S3 parts go to the bucket, which clients may not reach. On one machine they go to the address that this server
    // was called by, which a proxy may have changed; and no platform limits a body there.
    announcesMultipart: isYes(rest.MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD, keepsInR2),
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
