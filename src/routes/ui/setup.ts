import { isSetupNeeded, makeFirstAdmin } from "../../services/access/first-admin.ts";
import { message, required, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { nothing, type Route, route } from "../../wire/route.ts";
import { withSignIn } from "./session.ts";

/** Making the first admin, with the token that the server prints. docs/ui-api.md describes these routes. */
export const uiSetupRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/setup"],
    permission: "page",
    input: nothing,
    handle: async ({ ctx }) => json({ is_needed: await isSetupNeeded(ctx) }),
  }),
  route({
    method: "POST",
    paths: ["/ui-api/setup"],
    permission: "page",
    input: message({ token: required(string), username: required(string), password: required(string) }),
    handle: async ({ ctx, input, request }) =>
      await withSignIn(ctx, await makeFirstAdmin(ctx, input), request, json({})),
  }),
];
