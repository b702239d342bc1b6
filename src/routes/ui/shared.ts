import { isLinkSecret, reachFields } from "../../domain/link.ts";
import { getOwnLink, openLink } from "../../services/access/links.ts";
import { message, required, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { nothing, type Route, route } from "../../wire/route.ts";
import { newCookieName } from "../../wire/sign-in-cookie.ts";
import { onLinks, onList } from "../permissions.ts";
import { withCookie } from "./session.ts";

/**
 * The page of a signed link, which opens it by the secret in its address. The cookie that it gets has no secret that opens
 * the link elsewhere. docs/ui-api.md describes these routes. */
export const uiSharedRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: ["/shared/:link_id/open"],
    permission: "page",
    input: message({ linkId: required(string), secret: required(string) }),
    handle: async ({ ctx, input, request }) => {
      const secret = isLinkSecret(input.secret) ? input.secret : "";
      const { value, untilMs } = await openLink(ctx, { linkId: input.linkId, secret });
      const name = newCookieName(request, "-link", ctx.publicUrl);
      return withCookie(json({}), { name, value }, Math.ceil((untilMs - Date.now()) / 1000));
    },
  }),
  route({
    method: "GET",
    paths: ["/ui-api/link"],
    permission: onLinks("file", onList),
    input: nothing,
    handle: async ({ ctx }) => {
      const { name, reach, address, expirationTimeMs } = await getOwnLink(ctx);
      return json({ name, ...reachFields(reach), address, expiration_time: expirationTimeMs });
    },
  }),
];
