import * as z from "zod/mini";
import { DEFAULT_LEVELS, type DefaultPermission } from "./access.ts";
import { isDirectUri, isServed, SERVED_ROOT } from "./artifact-location.ts";

const longEnough = (characters: number) =>
  z.optional(
    z
      .string()
      .check(
        z.minLength(characters, `must have at least ${characters} characters`),
        z.maxLength(1024, "must have at most 1024 characters"),
      ),
  );

/**
 * The admin's name and secrets: Worker vars on the edge, environment variables of the local command. In `zod/mini`, since
 * the whole of zod is two thirds of a Worker's bundle. It brings no texts of its own, so each rule says what must be.
 */
export const adminSettings = z.object({
  TRACKFLARE_ADMIN_USERNAME: z.optional(
    z.string().check(z.minLength(1, "is empty"), z.maxLength(255, "must have at most 255 characters")),
  ),
  TRACKFLARE_ADMIN_PASSWORD: longEnough(12),
  TRACKFLARE_ADMIN_TOKEN: longEnough(16),
  /** What users hold on everything that no grant of theirs is about; READ unless set, as in MLflow. */
  TRACKFLARE_DEFAULT_PERMISSION: z.optional(
    z.enum(
      Object.keys(DEFAULT_LEVELS) as DefaultPermission[],
      `must be one of ${Object.keys(DEFAULT_LEVELS).join(", ")}`,
    ),
  ),
});

const providerUrl = z.optional(
  z.string().check(z.refine(isProviderUrl, "must be an https URL without a query, such as https://id.example.com")),
);
const filled = z.optional(
  z.string().check(z.minLength(1, "is empty"), z.maxLength(1024, "must have at most 1024 characters")),
);

/** Plain http is for a provider on this machine. */
function isProviderUrl(text: string): boolean {
  return /^(https:\/\/[^/?#]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?)(\/[^?#]*)?$/i.test(text) && URL.canParse(text);
}

/** Signing in by a provider: OpenID Connect, or Cloudflare Access before this server. docs/access.md describes them. */
export const ssoSettings = z.object({
  TRACKFLARE_OIDC_ISSUER: providerUrl,
  TRACKFLARE_OIDC_CLIENT_ID: filled,
  TRACKFLARE_OIDC_CLIENT_SECRET: filled,
  TRACKFLARE_OIDC_NAME: filled,
  TRACKFLARE_OIDC_SCOPES: filled,
  /** Of the team, such as https://team.cloudflareaccess.com. */
  TRACKFLARE_ACCESS_TEAM: providerUrl,
  /** AUD tags with commas between. */
  TRACKFLARE_ACCESS_AUDIENCE: filled,
  TRACKFLARE_SSO_USERNAME_CLAIM: filled,
  TRACKFLARE_SSO_GROUPS_CLAIM: filled,
  /** Groups with commas between. */
  TRACKFLARE_SSO_ADMIN_GROUPS: filled,
  TRACKFLARE_SSO_ROLES: z.optional(
    z.string().check(z.regex(/^[^=,]+=[^=,]+(,[^=,]+=[^=,]+)*$/, "must be group=role with commas between")),
  ),
  /** Where browsers find this server, where a proxy before it hides that. */
  TRACKFLARE_URL: providerUrl,
});

/** Whether every entry of a list of origins is `*` or one: a scheme, a host and perhaps a port. */
function areOrigins(list: string): boolean {
  return list
    .split(",")
    .map((entry) => entry.trim())
    .every((entry) => entry === "" || entry === "*" || (/^https?:\/\/[^/]+\/?$/i.test(entry) && URL.canParse(entry)));
}

const cellCount = z._default(
  z.string().check(z.regex(/^(0|[1-9]\d{0,2})$/, "must be a whole number from 0 to 999")),
  "0",
);

/** Which objects hold the metric histories of new runs: see stores/run/placement.ts. */
export const cellSettings = z.object({
  /** Objects for all runs; 0: each run has its own. */
  TRACKFLARE_CELLS: cellCount,
  /** The same for each experiment, where the other is 0. */
  TRACKFLARE_CELLS_PER_EXPERIMENT: cellCount,
});

/** Where the server stands: what it is called by, whose pages may call it, below which path. By MLflow's names. */
export const standingSettings = z.object({
  MLFLOW_SERVER_ALLOWED_HOSTS: z.optional(
    z
      .string()
      .check(z.regex(/^[\w.,:*[\]~ -]*$/, "must be host names with commas between them, such as mlflow.example.com")),
  ),
  MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: z.optional(
    z.string().check(z.refine(areOrigins, "must be origins with commas between them, such as https://app.example.com")),
  ),
  MLFLOW_STATIC_PREFIX: z.optional(
    z.string().check(z.regex(/^(\/[\w.~-]+)*$/, "must begin with a slash and end without one, such as /mlflow")),
  ),
  MLFLOW_SERVER_X_FRAME_OPTIONS: z.optional(z.enum(["DENY", "SAMEORIGIN", "NONE"], "must be DENY, SAMEORIGIN or NONE")),
});

const yesOrNo = z.optional(z.string().check(z.regex(/^(true|false|1|0)$/i, "must be true or false")));

/** Where artifacts lie, and who carries them. By MLflow's names. */
export const artifactSettings = z.object({
  /** Whether clients may send artifacts through this server and fetch them. By default, yes. */
  MLFLOW_SERVE_ARTIFACTS: yesOrNo,
  /** Below which new experiments get their folders; where clients have no way through this server, theirs alone. */
  MLFLOW_DEFAULT_ARTIFACT_ROOT: z.optional(
    z.string().check(z.refine(isRoot, "must be an absolute URI, such as s3://bucket/folder or mlflow-artifacts:/")),
  ),
  /** A bucket, `s3://bucket/folder`, that this server keeps artifacts in. By default R2, or the local data folder. */
  MLFLOW_ARTIFACTS_DESTINATION: z.optional(z.string()),
  /** Whether clients are told to send large files by parts: by default where the parts come to this server. */
  MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: yesOrNo,
  /** Whether clients are told to fetch files from the bucket themselves: by default not, as they may not reach it. */
  MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD: yesOrNo,
  /** Whether there are artifacts here and nothing else. */
  MLFLOW_ARTIFACTS_ONLY: yesOrNo,
  /** Whether clients may send and fetch artifacts by presigned URLs alone. On the edge with R2 they are led to, by default. */
  MLFLOW_ARTIFACTS_PRESIGNED_ONLY: yesOrNo,
  /** How long a URL to fetch a file is good; an hour by default. MLflow's 300 s end before a large file's last part begins. */
  MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS: z.optional(
    z
      .string()
      .check(
        z.refine((text) => /^[1-9]\d{0,5}$/.test(text) && Number(text) <= 604_800, "must be seconds, from 1 to 604800"),
      ),
  ),
  MLFLOW_S3_ENDPOINT_URL: z.optional(z.string()),
  MLFLOW_S3_UPLOAD_EXTRA_ARGS: z.optional(z.string()),
  AWS_ACCESS_KEY_ID: z.optional(z.string()),
  AWS_SECRET_ACCESS_KEY: z.optional(z.string()),
  AWS_SESSION_TOKEN: z.optional(z.string()),
  AWS_DEFAULT_REGION: z.optional(z.string()),
  /** Schemes that name a host, with commas between, which an experiment's artifact location may have. */
  MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES: z.optional(
    z.string().check(z.regex(/^[a-z0-9+., -]*$/i, "must be schemes with commas between them, such as hdfs,sftp")),
  ),
});

function isRoot(uri: string): boolean {
  return uri === SERVED_ROOT || /^mlflow-artifacts:\/[^/%?#;]+/.test(uri) || (!isServed(uri) && isDirectUri(uri));
}

/** What a setting of yes or no says, or `otherwise` where it is not set. */
export function isYes(setting: string | undefined, otherwise: boolean): boolean {
  return setting === undefined ? otherwise : /^(true|1)$/i.test(setting);
}
