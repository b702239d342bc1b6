import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import { linkAddress } from "../domain/link.ts";
import { createLink, listLinks, revokeLink } from "../services/access/links.ts";
import { linkToWire } from "../wire/link.ts";
import { id, message, repeated, required, safeInteger, string, text } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type Resource, type Route, route } from "../wire/route.ts";

const LINKS = "/trackflare/links";

/** An address of the web UI holds its state, and may be long. */
const addressField = text(8000);

/** Signed links: who manages a thing may show it to people without an account. */
export const linksRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths(`${LINKS}/create`),
    permission: {
      level: "MANAGE",
      scope: "admin",
      on: ({ experimentIds = [], runIds = [], modelId }) => {
        const things: Resource[] = [
          ...experimentIds.map((experimentId): Resource => ({ kind: "experiment", experimentId })),
          ...runIds.map((runId): Resource => ({ kind: "run", runId })),
          ...(modelId ? [{ kind: "loggedModel" as const, modelId }] : []),
        ];
        return things.length > 0 ? things : [{ kind: "list" }];
      },
    },
    input: message({
      experimentIds: repeated(id, 1000),
      runIds: repeated(string, 1000),
      modelId: string,
      path: string,
      address: addressField,
      name: string,
      expiresInSeconds: safeInteger,
    }),
    handle: async ({ ctx, input: { modelId, path, ...asked } }) => {
      const { link, parts } = await createLink(ctx, {
        ...asked,
        modelId: modelId || undefined,
        path: path === undefined ? undefined : canonicalArtifactPath(path),
      });
      return json({ link: linkToWire(link), address: linkAddress(parts) });
    },
  }),
  route({
    method: "GET",
    paths: apiPaths(`${LINKS}/list`),
    permission: {
      level: "READ",
      scope: "admin",
      on: ({ username }) => [username ? { kind: "account", username } : { kind: "list" }],
    },
    input: message({ username: string }),
    handle: async ({ ctx, input }) =>
      json({ links: (await listLinks(ctx, input.username || undefined)).map(linkToWire) }),
  }),
  route({
    method: "POST",
    paths: apiPaths(`${LINKS}/revoke`),
    // Every caller may name a link. The service checks the maker, and tells nobody else that the link exists.
    permission: { level: "EDIT", scope: "admin", on: () => [{ kind: "list" }] },
    input: message({ linkId: required(string) }),
    handle: async ({ ctx, input }) => {
      await revokeLink(ctx, input.linkId);
      return json({});
    },
  }),
];
