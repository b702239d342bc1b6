import { MlflowError } from "../../domain/errors.ts";
import { userOfIdentity } from "../../services/access/sso/identity.ts";
import { finishOidc, pageBefore, startOidc, TRANSACTION_SECONDS } from "../../services/access/sso/oidc.ts";
import type { ServiceContext } from "../../services/context.ts";
import { message, string } from "../../wire/message.ts";
import { absoluteUrl, rawQuery } from "../../wire/raw-target.ts";
import { redirect } from "../../wire/respond.ts";
import { nothing, type Route, route } from "../../wire/route.ts";
import { newCookieName, setCookie, signInCookie } from "../../wire/sign-in-cookie.ts";
import { withCookie, withSignIn } from "./session.ts";

const CALLBACK = "/ui-api/oidc/callback";
const MAX_TO_LENGTH = 2000;

function oidcOf({ sso }: ServiceContext) {
  if (sso?.oidc !== undefined) return { sso, oidc: sso.oidc };
  throw new MlflowError(
    "ENDPOINT_NOT_FOUND",
    "This server has no provider of single sign-on (TRACKFLARE_OIDC_ISSUER).",
  );
}

/** The redirect URI. The provider redirects only to URIs that are registered with it. */
function redirectUri({ publicUrl }: ServiceContext, request: Request): string {
  if (publicUrl !== undefined) return publicUrl + CALLBACK;
  const url = new URL(absoluteUrl(request));
  return url.origin + url.pathname.replace(/\/ui-api\/oidc\/.*$/, CALLBACK);
}

/** The relative URL from the callback to the sign-in page, which leads on only to where the reader was going. */
const toPage = (query: Record<string, string>): string => `../../#/sign-in?${new URLSearchParams(query)}`;

/** Signing in with an OpenID Connect provider. */
export const uiSsoRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/oidc/start"],
    permission: "public",
    input: message({ to: string }),
    handle: async ({ ctx, input, request }) => {
      const { oidc } = oidcOf(ctx);
      const to = (input.to ?? "").slice(0, MAX_TO_LENGTH);
      const { location, transaction } = await startOidc(ctx.env, oidc, redirectUri(ctx, request), to);
      const name = newCookieName(request, "-oidc", ctx.publicUrl);
      return withCookie(redirect(302, location), { name, value: transaction }, TRANSACTION_SECONDS);
    },
  }),
  route({
    method: "GET",
    paths: [CALLBACK],
    permission: "public",
    input: nothing,
    handle: async ({ ctx, request }) => {
      const { sso, oidc } = oidcOf(ctx);
      const cookie = signInCookie(request, "-oidc");
      let response: Response;
      try {
        const query = new URLSearchParams(rawQuery(request));
        const found = await finishOidc(ctx.env, oidc, redirectUri(ctx, request), query, cookie?.value);
        const auditedFrom = { address: ctx.clientAddress, requestId: ctx.requestId };
        const { username, user } = await userOfIdentity({ db: ctx.db, auditedFrom }, sso, found, ctx.adminUsername);
        response = redirect(302, toPage({ to: found.to }));
        response = await withSignIn(ctx, { username, user, isAdmin: false }, request, response);
      } catch (error) {
        if (!(error instanceof MlflowError)) throw error;
        // The reason goes to the server's log only: anybody may write the text of an address.
        console.error(JSON.stringify({ level: "error", request_id: ctx.requestId, error: error.message }));
        const to = await pageBefore(ctx.env, cookie?.value);
        response = redirect(302, toPage({ failed: "true", ...(to !== "" && { to }) }));
      }
      // A transaction's cookie is valid for one answer only.
      if (cookie !== undefined) response.headers.append("Set-Cookie", setCookie({ ...cookie, value: "" }, 0));
      return response;
    },
  }),
];
