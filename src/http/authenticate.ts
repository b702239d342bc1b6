import { isLikeToken, parseToken, type TokenParts } from "../domain/api-token.ts";
import { sha256 } from "../domain/bytes.ts";
import { MlflowError } from "../domain/errors.ts";
import { LOCAL, type Principal } from "../domain/principal.ts";
import { type Claim, type Doors, unauthenticated, userClaim } from "../services/access/claim.ts";
import { type NameAndPassword, passwordClaim, type SettingsDoor } from "../services/access/password-claim.ts";
import { tokenClaim } from "../services/access/token-claim.ts";
import { MAX_PASSWORD_LENGTH } from "../services/access/users.ts";
import { rawHost } from "../wire/raw-target.ts";
import { signedInBrowser, throughAccess } from "./browser.ts";
import { forwardedBy, isLocalHost, pageOf } from "./callers.ts";
import { addressOf, networkOf } from "./client-address.ts";
import type { AdminCredentials, Config } from "./config.ts";

/**
 * The caller, or a claim to be a caller. The database confirms a claim later, and says what the caller may do.
 *
 * With an admin secret set, a request must carry the secret, as Basic (`MLFLOW_TRACKING_USERNAME` and `_PASSWORD`) or
 * Bearer (`MLFLOW_TRACKING_TOKEN`); or a user's name and password; or a token, as Bearer or in place of a password.
 * Without an admin secret, only the local command's loopback socket serves, and only requests that name a local host and
 * come straight from this machine. This refuses pages that rebind their DNS name to 127.0.0.1 (CVE-2025-14279), and
 * requests that a proxy passes on from anywhere.
 * @throws MlflowError UNAUTHENTICATED, PERMISSION_DENIED, or REQUEST_LIMIT_EXCEEDED after too many wrong passwords.
 */
export async function authenticate(request: Request, config: Config, doors: Doors): Promise<Principal | Claim> {
  refuseOtherHosts(request, config);
  const [, scheme = "", credentials = ""] = /^(\S+) +(.*)$/.exec(request.headers.get("Authorization") ?? "") ?? [];
  // No browser adds a Bearer token by itself, so a correct one was sent on purpose.
  const isBearer = config.asksForCredentials && /^bearer$/i.test(scheme);
  if (!isBearer && pageOf(request, config.allowedOrigins) === "foreign") {
    throw new MlflowError(
      "PERMISSION_DENIED",
      "Cross-origin requests are not allowed. Name the page's origin with --cors-allowed-origins (MLFLOW_SERVER_CORS_ALLOWED_ORIGINS).",
    );
  }
  // An Authorization header takes precedence over the cookie or header that a browser adds.
  const browser = scheme === "" ? await signedInBrowser(request, config, doors) : undefined;
  if (browser !== undefined) return browser.user === undefined ? browser : userClaim(browser, browser.user, doors);
  const passed = scheme === "" ? await throughAccess(request, config, doors) : undefined;
  if (passed !== undefined) return userClaim({ username: passed.username, isThroughAccess: true }, passed.user, doors);
  if (config.asksForCredentials) return await authenticateCaller(request, config, scheme, credentials, doors);
  if (!config.isOpenLocally) {
    throw new MlflowError(
      "UNAUTHENTICATED",
      "This server has no admin secret yet, so it refuses every request. Set one: `npx wrangler secret put TRACKFLARE_ADMIN_PASSWORD` " +
        "(locally: the environment variable of that name).",
    );
  }
  return LOCAL;
}

/** @throws MlflowError PERMISSION_DENIED */
export function refuseOtherHosts(request: Request, { allowedHost, isOpenLocally }: Config): void {
  const host = rawHost(request);
  if (allowedHost !== undefined) {
    if (isLocalHost(host) || allowedHost(host)) return;
    throw new MlflowError(
      "PERMISSION_DENIED",
      "Invalid Host header: name this host with --allowed-hosts (MLFLOW_SERVER_ALLOWED_HOSTS).",
    );
  }
  if (!isOpenLocally) return;
  if (!isLocalHost(host)) {
    throw new MlflowError("PERMISSION_DENIED", "Invalid Host header: this server answers local requests only.");
  }
  const header = forwardedBy(request);
  if (header === undefined) return;
  throw new MlflowError(
    "PERMISSION_DENIED",
    `This server asks for no credentials and answers this machine only, but a proxy passed the request on (header ${header}). ` +
      "Set TRACKFLARE_ADMIN_PASSWORD or TRACKFLARE_ADMIN_TOKEN. Or, where the proxy itself lets nobody in whom you do not " +
      "trust, name the hosts that it serves with --allowed-hosts (MLFLOW_SERVER_ALLOWED_HOSTS).",
  );
}

async function authenticateCaller(
  request: Request,
  config: Config,
  scheme: string,
  credentials: string,
  doors: Doors,
): Promise<Principal | Claim> {
  const token = tokenIn(scheme, credentials);
  if (token !== undefined) return tokenClaim(token, doors);
  const found = /^bearer$/i.test(scheme)
    ? await callerOfSecret(credentials, request, config, doors)
    : /^basic$/i.test(scheme) && (await callerOfPassword(basicCredentials(credentials), request, config, doors));
  if (found) return found;
  throw unauthenticated();
}

/** The token sent as Bearer, or as the password of Basic with any username; undefined if the credentials hold no token. */
function tokenIn(scheme: string, credentials: string): TokenParts | undefined {
  if (/^bearer$/i.test(scheme)) return parseToken(credentials);
  if (!/^basic$/i.test(scheme)) return undefined;
  return parseToken(basicCredentials(credentials)[0]?.password ?? "");
}

/**
 * Who has the name and password, as a claim; or the admin of the settings, if this isolate remembers the admin's secret.
 * @param readings the possible decodings of one header or form; together they count as one attempt.
 * @returns undefined if the name and password cannot belong to anybody.
 */
export async function callerOfPassword(
  readings: readonly NameAndPassword[],
  request: Request,
  config: Config,
  doors: Doors,
): Promise<Principal | Claim | undefined> {
  if (!config.asksForCredentials) return undefined;
  const usable = readings.filter(
    ({ username, password }) => username !== "" && username.length <= 255 && password.length <= MAX_PASSWORD_LENGTH,
  );
  if (usable.length === 0) return undefined;
  return await passwordClaim(usable, () => networkOf(addressOf(request, config)), doors, settingsDoor(config));
}

/**
 * As `callerOfPassword`, for a secret of the settings' admin, which needs no name. A mistyped token does not count as a guess: a job
 * with such a token is refused, not told to wait.
 */
async function callerOfSecret(
  secret: string,
  request: Request,
  config: Config,
  doors: Doors,
): Promise<Principal | Claim | undefined> {
  const door = settingsDoor(config);
  if (door === undefined || secret.length > MAX_PASSWORD_LENGTH) return undefined;
  const own = config.admin?.token ?? config.admin?.password ?? "";
  if (isLikeToken(secret) && !isLikeToken(own)) return undefined;
  const reading = { username: "", password: secret };
  return await passwordClaim([reading], () => networkOf(addressOf(request, config)), doors, door);
}

function settingsDoor({ admin, adminSecrets }: Config): SettingsDoor | undefined {
  if (admin === undefined) return undefined;
  return {
    username: admin.username,
    secrets: adminSecrets ?? "",
    isRight: (reading) =>
      reading.username === "" ? secretsMatch(reading.password, admin.token ?? admin.password) : isAdmin(reading, admin),
  };
}

async function isAdmin({ username, password }: NameAndPassword, admin: AdminCredentials): Promise<boolean> {
  // Every secret is always compared, so that the response time does not reveal which one was wrong.
  const usernameMatches = await secretsMatch(username, admin.username);
  const passwordMatches = await secretsMatch(password, admin.password);
  const tokenMatches = await secretsMatch(password, admin.token);
  return usernameMatches && (passwordMatches || tokenMatches);
}

/**
 * The name and password, split at the first colon (RFC 7617); an empty list if the header is malformed. The challenge
 * asks for UTF-8, but Python's requests sends a `str` as Latin-1, so bytes beyond ASCII are decoded both ways.
 */
function basicCredentials(credentials: string): NameAndPassword[] {
  let latin1: string;
  try {
    latin1 = atob(credentials);
  } catch {
    return [];
  }
  const texts = new Set([latin1, utf8Of(latin1) ?? latin1]);
  return [...texts].flatMap((text) => {
    const colon = text.indexOf(":");
    return colon > 0 ? [{ username: text.slice(0, colon), password: text.slice(colon + 1) }] : [];
  });
}

/** Decodes a binary string from atob as UTF-8; undefined if the bytes are not UTF-8. */
function utf8Of(bytes: string): string | undefined {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** Compares digests, since `timingSafeEqual` throws on unequal lengths. An unset secret matches nothing. */
async function secretsMatch(given: string, secret: string | undefined): Promise<boolean> {
  const [left, right] = await Promise.all([sha256(given), sha256(secret ?? "")]);
  return crypto.subtle.timingSafeEqual(left, right) && secret !== undefined;
}
