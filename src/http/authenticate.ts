import { MlflowError } from "../domain/errors.ts";
import type { Principal } from "../domain/principal.ts";
import type { AdminCredentials, Config } from "./config.ts";
import { rawHost } from "./raw-target.ts";

/**
 * Who sent the request.
 *
 * With an admin secret set, it must carry it, as Basic (`MLFLOW_TRACKING_USERNAME` and `_PASSWORD`) or Bearer
 * (`MLFLOW_TRACKING_TOKEN`). Without one, only the local command's loopback socket serves, and only requests that name a
 * local host, so that a page that rebinds its DNS name to 127.0.0.1 gets nothing (CVE-2025-14279).
 * @throws MlflowError UNAUTHENTICATED or PERMISSION_DENIED.
 */
export async function authenticate(request: Request, config: Config): Promise<Principal> {
  refuseForeignOrigin(request);
  if (config.admin) return authenticateAdmin(request.headers.get("Authorization"), config.admin);
  if (!config.isOpenLocally) {
    throw new MlflowError(
      "UNAUTHENTICATED",
      "This server has no admin secret yet and serves nobody. Set one: `npx wrangler secret put TRACKFLARE_ADMIN_PASSWORD` " +
        "(locally: the environment variable of that name).",
    );
  }
  if (!isLocalHost(rawHost(request))) {
    throw new MlflowError("PERMISSION_DENIED", "Invalid Host header: this server answers local requests only.");
  }
  return { username: "local", isAdmin: true };
}

/** A browser says where a request comes from; a page of another site must not drive the server (CVE-2023-43472). */
function refuseForeignOrigin(request: Request): void {
  const origin = request.headers.get("Origin");
  if (origin === null) return;
  const host = rawHost(request);
  if (origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new MlflowError("PERMISSION_DENIED", "Cross-origin requests are not allowed.");
  }
}

function isLocalHost(host: string): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i.test(host);
}

async function authenticateAdmin(authorization: string | null, admin: AdminCredentials): Promise<Principal> {
  const [, scheme = "", credentials = ""] = /^(\S+) +(.*)$/.exec(authorization ?? "") ?? [];
  let isAdmin = false;
  if (/^bearer$/i.test(scheme)) {
    isAdmin = await secretsMatch(credentials, admin.token ?? admin.password);
  } else if (/^basic$/i.test(scheme)) {
    const { username, password } = parseBasic(credentials);
    // Both sides are always compared, so that the time tells nothing about which was wrong.
    const usernameMatches = await secretsMatch(username, admin.username);
    const passwordMatches = await secretsMatch(password, admin.password);
    const tokenMatches = await secretsMatch(password, admin.token);
    isAdmin = usernameMatches && (passwordMatches || tokenMatches);
  }
  if (!isAdmin) {
    throw new MlflowError(
      "UNAUTHENTICATED",
      "You are not authenticated. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
    );
  }
  return { username: admin.username, isAdmin };
}

/** Splits at the first colon, as RFC 7617 has it; empty where the header is malformed. */
function parseBasic(credentials: string): { username: string; password: string } {
  try {
    const bytes = Uint8Array.from(atob(credentials), (char) => char.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const colon = text.indexOf(":");
    if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1) };
  } catch {
    // Not base64 or not UTF-8: no credentials.
  }
  return { username: "", password: "" };
}

/** Compares digests, since `timingSafeEqual` throws on unequal lengths. An unset secret matches nothing. */
async function secretsMatch(given: string, secret: string | undefined): Promise<boolean> {
  const [left, right] = await Promise.all([sha256(given), sha256(secret ?? "")]);
  return crypto.subtle.timingSafeEqual(left, right) && secret !== undefined;
}

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
