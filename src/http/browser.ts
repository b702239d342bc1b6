import { MlflowError } from "../domain/errors.ts";
import { LOCAL, NOBODY, type Principal } from "../domain/principal.ts";
import type { Claim, Doors } from "../services/access/claim.ts";
import { linkClaim } from "../services/access/link-claim.ts";
import { principalOfCookie } from "../services/access/sign-ins.ts";
import { type AccessUser, accessUser } from "../services/access/sso/cloudflare-access.ts";
import { signInCookie } from "../wire/sign-in-cookie.ts";
import { pageOf } from "./callers.ts";
import type { Config } from "./config.ts";

/*
 * Browsers that are signed in by a cookie. A browser sends the cookie with every request to this server, whichever page
 * asks for it. So a cookie counts only if the request provably comes from this server's own page: the browser says so
 * (Origin, Sec-Fetch-Site), and a request that may change something has a header that another site's page cannot add unasked.
 */

/** The header that a page must send to sign in, and to change anything by its cookie. */
export const PAGE_HEADER = "X-Trackflare-Page";

/**
 * The user or admin whose browser sent the request, by its cookie; undefined without a valid cookie.
 * @throws MlflowError PERMISSION_DENIED where a valid cookie comes with a request of unknown origin that may change
 *   something.
 */
export async function signedInBrowser(
  request: Request,
  { admin, adminSecrets, asksForCredentials, allowedOrigins }: Config,
  doors: Doors,
): Promise<Principal | undefined> {
  if (!asksForCredentials) return undefined;
  const cookie = signInCookie(request);
  if (cookie === undefined) return undefined;
  if (!isByOwnPage(request, allowedOrigins)) return undefined;
  const ofSettings = admin && { username: admin.username, secrets: adminSecrets ?? "" };
  const principal = await principalOfCookie(doors, cookie, ofSettings);
  if (principal !== undefined) requireProof(request);
  return principal;
}

/**
 * The user whom Cloudflare Access has let through, by the header that Access adds. Access adds the header for a browser's
 * cookie, so a browser's request needs the same proof as with a cookie of this server. A program's service token needs
 * none, because no browser sends one by itself.
 * @throws MlflowError PERMISSION_DENIED
 */
export async function throughAccess(
  request: Request,
  { admin, sso, allowedOrigins }: Config,
  doors: Doors,
): Promise<AccessUser | undefined> {
  if (sso?.access === undefined || admin === undefined) return undefined;
  const token = request.headers.get("Cf-Access-Jwt-Assertion");
  if (token === null) return undefined;
  const user = await accessUser(doors, sso, token, admin.username);
  if (user === undefined || user.isProgram) return user;
  if (!isByOwnPage(request, allowedOrigins)) return undefined;
  requireProof(request);
  return user;
}

/**
 * The sender, signed in or not, of a request that only pages of this server may send.
 * @throws MlflowError PERMISSION_DENIED for any other sender.
 */
export async function visitor(request: Request, config: Config, doors: Doors): Promise<Principal> {
  if (!isByOwnPage(request, config.allowedOrigins)) throw notFromPage();
  requireProof(request);
  if (config.isOpenLocally) return LOCAL;
  const known = (await signedInBrowser(request, config, doors)) ?? (await throughAccess(request, config, doors));
  return known === undefined ? NOBODY : { isAdmin: false, ...known };
}

/**
 * The visitor of a signed link's page, by the cookie that the link's secret was exchanged for. Other credentials do not count
 * there.
 * @throws MlflowError UNAUTHENTICATED, PERMISSION_DENIED
 */
export function linkVisitor(linkId: string, request: Request, doors: Doors): Claim {
  if (!isByOwnPage(request, new Set())) throw notFromPage();
  requireProof(request);
  return linkClaim(linkId, signInCookie(request, "-link")?.value ?? "", doors);
}

/**
 * Whether the request comes from a page of this server, or from a reader who opens an address. A request that another site
 * embeds, frames or fetches is neither, whatever cookie comes with it.
 */
function isByOwnPage(request: Request, allowedOrigins: ReadonlySet<string>): boolean {
  const { headers } = request;
  const site = headers.get("Sec-Fetch-Site");
  const origin = headers.get("Origin");
  if (site !== null && site !== "same-origin" && site !== "none") {
    const isOpened = headers.get("Sec-Fetch-Mode") === "navigate" && headers.get("Sec-Fetch-Dest") === "document";
    if (!isOpened && !(origin !== null && allowedOrigins.has(origin))) return false;
  }
  return origin === null || pageOf(request, new Set()) === "own" || allowedOrigins.has(origin);
}

/** @throws MlflowError PERMISSION_DENIED where the request may change something without proof that an own page sent it. */
function requireProof(request: Request): void {
  const { method, headers } = request;
  const isSocket = headers.has("Upgrade");
  const isRead = method === "GET" || method === "HEAD";
  if (isRead && !isSocket) return;
  const saysWhere = headers.has("Origin") || headers.get("Sec-Fetch-Site") === "same-origin";
  // No page can add a header to a socket.
  if (saysWhere && (isSocket || headers.has(PAGE_HEADER))) return;
  throw notFromPage();
}

function notFromPage(): MlflowError {
  return new MlflowError(
    "PERMISSION_DENIED",
    "A browser may do this from the pages of this server only. Programs send a name and password, or a token.",
  );
}
