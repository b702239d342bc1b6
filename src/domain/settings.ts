import { DEFAULT_LEVELS, type DefaultPermission } from "./access.ts";
import { isDirectUri, isServed, SERVED_ROOT } from "./artifact-location.ts";
import { atLeast, atMost, filled, matches, oneOf, orElse, rule, text } from "./setting.ts";

const SECRET_LENGTH = atMost(1024);

/** The default password of earlier releases of MLflow, which strangers try first. */
export const SHIPPED_PASSWORD = "password1234";

/** The admin's name and secrets: Worker vars on the edge, environment variables of the local command. */
export const adminSettings = {
  TRACKFLARE_ADMIN_USERNAME: text(filled, atMost(255)),
  TRACKFLARE_ADMIN_PASSWORD: text(
    atLeast(12),
    SECRET_LENGTH,
    rule((password) => password !== SHIPPED_PASSWORD, "must not be the password that MLflow shipped"),
  ),
  TRACKFLARE_ADMIN_TOKEN: text(atLeast(16), SECRET_LENGTH),
  /** A user's permission on everything that no grant of the user covers. The default is READ, as in MLflow. */
  TRACKFLARE_DEFAULT_PERMISSION: oneOf(
    Object.keys(DEFAULT_LEVELS) as DefaultPermission[],
    `must be one of ${Object.keys(DEFAULT_LEVELS).join(", ")}`,
  ),
};

const providerUrl = text(rule(isProviderUrl, "must be an https URL without a query, such as https://id.example.com"));
const some = text(filled, atMost(1024));

/** Whether the text is a valid provider URL. Plain http is allowed only for a provider on this machine. */
function isProviderUrl(text: string): boolean {
  return /^(https:\/\/[^/?#]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?)(\/[^?#]*)?$/i.test(text) && URL.canParse(text);
}

/** Single sign-on: OpenID Connect, or Cloudflare Access in front of this server. docs/access.md describes both. */
export const ssoSettings = {
  TRACKFLARE_OIDC_ISSUER: providerUrl,
  TRACKFLARE_OIDC_CLIENT_ID: some,
  TRACKFLARE_OIDC_CLIENT_SECRET: some,
  TRACKFLARE_OIDC_NAME: some,
  TRACKFLARE_OIDC_SCOPES: some,
  /** The team's URL, such as https://team.cloudflareaccess.com. */
  TRACKFLARE_ACCESS_TEAM: providerUrl,
  /** AUD tags, separated by commas. */
  TRACKFLARE_ACCESS_AUDIENCE: some,
  TRACKFLARE_SSO_USERNAME_CLAIM: some,
  TRACKFLARE_SSO_GROUPS_CLAIM: some,
  /** Groups, separated by commas. */
  TRACKFLARE_SSO_ADMIN_GROUPS: some,
  TRACKFLARE_SSO_ROLES: text(matches(/^[^=,]+=[^=,]+(,[^=,]+=[^=,]+)*$/, "must be group=role with commas between")),
  /** The URL by which browsers reach this server, if a proxy hides it. */
  TRACKFLARE_URL: providerUrl,
};

/** Whether every entry of a list is `*` or an origin: a scheme, a host and perhaps a port. */
function areOrigins(list: string): boolean {
  return list
    .split(",")
    .map((entry) => entry.trim())
    .every((entry) => entry === "" || entry === "*" || (/^https?:\/\/[^/]+\/?$/i.test(entry) && URL.canParse(entry)));
}

const cellCount = orElse(text(matches(/^(0|[1-9]\d{0,2})$/, "must be a whole number from 0 to 999")), "0");

/** Which objects hold the metric histories of new runs: see stores/run/placement.ts. */
export const cellSettings = {
  /** The number of objects for all runs; with 0, each run has its own object. */
  TRACKFLARE_CELLS: cellCount,
  /** The number of objects per experiment, used where `TRACKFLARE_CELLS` is 0. */
  TRACKFLARE_CELLS_PER_EXPERIMENT: cellCount,
};

/** How the server may be called: by which hosts, from which pages, below which path. The names are MLflow's. */
export const standingSettings = {
  MLFLOW_SERVER_ALLOWED_HOSTS: text(
    matches(/^[\w.,:*[\]~ -]*$/, "must be host names with commas between them, such as mlflow.example.com"),
  ),
  MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: text(
    rule(areOrigins, "must be origins with commas between them, such as https://app.example.com"),
  ),
  MLFLOW_STATIC_PREFIX: text(
    matches(/^(\/[\w.~-]+)*$/, "must begin with a slash and end without one, such as /mlflow"),
  ),
  MLFLOW_SERVER_X_FRAME_OPTIONS: oneOf(["DENY", "SAMEORIGIN", "NONE"], "must be DENY, SAMEORIGIN or NONE"),
};

const wholeNumber = (most: number, least = 0) =>
  text(
    rule(
      (given) => /^\d{1,9}$/.test(given) && Number(given) >= least && Number(given) <= most,
      `must be a whole number from ${least} to ${most}`,
    ),
  );

/** A server that asks for credentials before it has an admin. The local command sets both for `--app-name basic-auth`. */
export const loginSettings = {
  /** Whether to ask for credentials without an admin in the settings. */
  TRACKFLARE_LOGIN: oneOf(["0", "1"], "must be 0 or 1"),
  /** The secret by which the first admin is made, while there is none. */
  TRACKFLARE_SETUP_TOKEN: text(atLeast(32), SECRET_LENGTH),
};

/** The contact for people who report a vulnerability. */
export const contactSettings = {
  TRACKFLARE_SECURITY_CONTACT: text(
    matches(
      /^(mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s]+)$/,
      "must be an address such as mailto:security@example.com or https://example.com/security",
    ),
    atMost(1024),
  ),
};

/** Limits on callers, and how far the server trusts what a proxy says of them. */
export const callerSettings = {
  /** The most requests of a token, or of a user, in a minute. No limit without it. */
  TRACKFLARE_RATE_LIMIT: wholeNumber(1_000_000, 1),
  /**
   * On one machine: how many proxies stand in front of the server, each of which appends its caller to X-Forwarded-For.
   * The server must be reachable through them only.
   */
  TRACKFLARE_TRUSTED_PROXIES: wholeNumber(9),
};

const yesOrNo = text(matches(/^(true|false|1|0)$/i, "must be true or false"));

/** Where artifacts lie, and how clients transfer them. The names are MLflow's. */
export const artifactSettings = {
  /** Whether clients may send and fetch artifacts through this server. The default is yes. */
  MLFLOW_SERVE_ARTIFACTS: yesOrNo,
  /** The root in which new experiments get their folders. Where artifacts are not served, only clients can access it. */
  MLFLOW_DEFAULT_ARTIFACT_ROOT: text(
    rule(isRoot, "must be an absolute URI, such as s3://bucket/folder or mlflow-artifacts:/"),
  ),
  /** The bucket in which this server keeps artifacts, `s3://bucket/folder`. The default is R2, or the local data folder. */
  MLFLOW_ARTIFACTS_DESTINATION: text(),
  /** Whether clients are told to send large files in parts. The default is yes on the edge, where the size of a body is limited. */
  MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: yesOrNo,
  /** Whether clients are told to fetch files from the bucket themselves. The default is no: they may be unable to reach it. */
  MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD: yesOrNo,
  /** Whether this server serves only artifacts. */
  MLFLOW_ARTIFACTS_ONLY: yesOrNo,
  /** Whether clients may use presigned URLs only. The default on the edge: clients are told to, but need not. */
  MLFLOW_ARTIFACTS_PRESIGNED_ONLY: yesOrNo,
  /** How long a URL to fetch a file is valid. The default is an hour: MLflow's 300 s end before a large file's last part. */
  MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS: text(
    rule((given) => /^[1-9]\d{0,5}$/.test(given) && Number(given) <= 604_800, "must be seconds, from 1 to 604800"),
  ),
  MLFLOW_S3_ENDPOINT_URL: text(),
  MLFLOW_S3_UPLOAD_EXTRA_ARGS: text(),
  AWS_ACCESS_KEY_ID: text(),
  AWS_SECRET_ACCESS_KEY: text(),
  AWS_SESSION_TOKEN: text(),
  AWS_DEFAULT_REGION: text(),
  /** Schemes that name a host and are allowed in an experiment's artifact location, separated by commas. */
  MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES: text(
    matches(/^[a-z0-9+., -]*$/i, "must be schemes with commas between them, such as hdfs,sftp"),
  ),
};

function isRoot(uri: string): boolean {
  return uri === SERVED_ROOT || /^mlflow-artifacts:\/[^/%?#;]+/.test(uri) || (!isServed(uri) && isDirectUri(uri));
}

/** The value of a yes-or-no setting, or `otherwise` where it is not set. */
export function isYes(setting: string | undefined, otherwise: boolean): boolean {
  return setting === undefined ? otherwise : /^(true|1)$/i.test(setting);
}
