import { MlflowError } from "../../domain/errors.ts";
import { LOCAL, type Principal } from "../../domain/principal.ts";
import {
  type Cookie,
  endOwnSignIn,
  endSignIns,
  listSignIns,
  MAX_AGE_MS,
  openSignIn,
  whoIsThere,
} from "../../services/access/sign-ins.ts";
import { changePassword } from "../../services/access/users.ts";
import type { ServiceContext } from "../../services/context.ts";
import { bool, message, required, safeInteger, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { nothing, type Permission, type Route, route } from "../../wire/route.ts";
import { newCookieName, setCookie, signInCookie } from "../../wire/sign-in-cookie.ts";

/** The caller's own account. An admin may name another. A token needs the scope `admin`. */
const onOwnAccount: Permission<{ readonly username?: string | undefined }> = {
  level: "READ",
  scope: "admin",
  on: ({ username }) => [username ? { kind: "account", username } : { kind: "list" }],
};

/** What holds the caller's password: the server's settings, or the provider of single sign-on. */
function managerOf({ principal, sso }: ServiceContext): string {
  if (principal.user === undefined) return "settings";
  return principal.isThroughAccess ? "Cloudflare Access" : (sso?.oidc?.name ?? "single sign-on");
}

/** Adds the cookie of a new sign-in to the answer. It replaces the browser's old cookie. */
export async function withSignIn(ctx: ServiceContext, principal: Principal, request: Request, response: Response) {
  const name = newCookieName(request, "", ctx.publicUrl);
  const value = await openSignIn(ctx, principal, name, signInCookie(request), request.headers.get("User-Agent") ?? "");
  return withCookie(response, { name, value }, MAX_AGE_MS / 1000);
}

export function withCookie(response: Response, cookie: Cookie, maxAgeSeconds: number): Response {
  response.headers.append("Set-Cookie", setCookie(cookie, maxAgeSeconds));
  return response;
}

/** Signing in and out with a browser, and an account's open sign-ins. docs/ui-api.md describes these routes. */
export const uiSessionRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/session"],
    permission: "page",
    input: nothing,
    handle: async ({ ctx }) => {
      const visitor = await whoIsThere(ctx);
      return json({
        asks_for_credentials: ctx.principal !== LOCAL,
        user: visitor ? { username: visitor.username, is_admin: visitor.isAdmin } : null,
        // The label of the button that leads to the single sign-on provider.
        provider: ctx.sso?.oidc?.name ?? null,
        // The password of the settings' admin is a setting, so it cannot be changed here.
        can_change_password: visitor?.hasPassword ?? false,
        // Who manages the account, where its password is not this server's.
        managed_by: visitor === undefined || visitor.hasPassword || ctx.principal === LOCAL ? null : managerOf(ctx),
      });
    },
  }),
  route({
    method: "POST",
    paths: ["/ui-api/session"],
    permission: "page",
    input: message({ username: required(string), password: required(string) }),
    handle: async ({ ctx, input: { username, password }, request }) => {
      const principal = await ctx.principalOfPassword(username, password);
      if (principal === undefined) {
        throw new MlflowError("UNAUTHENTICATED", "The name or the password is wrong.");
      }
      return await withSignIn(ctx, principal, request, json({}));
    },
  }),
  route({
    method: "DELETE",
    paths: ["/ui-api/session"],
    permission: "page",
    input: nothing,
    handle: async ({ ctx, request }) => {
      await endOwnSignIn(ctx);
      const cookie = signInCookie(request);
      return cookie === undefined ? json({}) : withCookie(json({}), { name: cookie.name, value: "" }, 0);
    },
  }),
  route({
    method: "POST",
    paths: ["/ui-api/session/password"],
    permission: { level: "READ", scope: "admin", on: () => [{ kind: "list" }] },
    input: message({ currentPassword: required(string), password: required(string) }),
    handle: async ({ ctx, input: { currentPassword, password }, request }) => {
      const { user, username, signInId } = ctx.principal;
      if (user === undefined) {
        throw new MlflowError("BAD_REQUEST", "This password is a setting of the server (TRACKFLARE_ADMIN_PASSWORD).");
      }
      await changePassword(ctx, username, password, currentPassword);
      if (signInId === undefined) return json({});
      // Changing the password ended all sign-ins. This browser continues with a new one.
      const principal = await ctx.principalOfPassword(username, password);
      if (principal === undefined) throw new MlflowError("UNAUTHENTICATED", "The password was changed: sign in again.");
      return await withSignIn(ctx, principal, request, json({}));
    },
  }),
  route({
    method: "GET",
    paths: ["/ui-api/sign-ins"],
    permission: onOwnAccount,
    input: message({ username: string }),
    handle: async ({ ctx, input: { username } }) => {
      const signIns = await listSignIns(ctx, username || ctx.principal.username);
      return json({
        sign_ins: signIns.map((one) => ({
          sign_in_id: one.signInId,
          creation_time: one.creationTimeMs,
          last_seen_time: one.lastSeenTimeMs,
          user_agent: one.userAgent,
          address: one.address,
          is_current: one.signInId === ctx.principal.signInId,
        })),
      });
    },
  }),
  route({
    method: "POST",
    paths: ["/ui-api/sign-ins/end"],
    permission: onOwnAccount,
    input: message({ username: string, signInId: safeInteger, others: bool }),
    handle: async ({ ctx, input: { username, signInId, others } }) => {
      if ((signInId === undefined) !== (others === true)) {
        throw new MlflowError("INVALID_PARAMETER_VALUE", "Either sign_in_id or others: true must be given.");
      }
      return json({ ended: await endSignIns(ctx, username || ctx.principal.username, signInId ?? "others") });
    },
  }),
];
