import { AUDIT_ACTIONS, AUDIT_TARGETS } from "../domain/audit.ts";
import { allAuditEntries, listAuditEntries } from "../services/access/audit.ts";
import type { ServiceContext } from "../services/context.ts";
import type { AuditEntry, AuditFilter } from "../stores/d1/access/audit.ts";
import { id, message, oneOf, safeInteger, string } from "../wire/message.ts";
import { json, ndjsonStream } from "../wire/respond.ts";
import { apiPaths, type Route, route } from "../wire/route.ts";
import { onServer } from "./permissions.ts";

function entryToWire(entry: AuditEntry): object {
  return {
    entry_id: entry.entryId,
    time: entry.timeMs,
    username: entry.username,
    credential: entry.credential,
    address: entry.address,
    request_id: entry.requestId,
    action: entry.action,
    target_type: entry.targetType,
    target_id: entry.targetId,
    detail: entry.detail,
  };
}

const filter = {
  username: string,
  action: oneOf(AUDIT_ACTIONS),
  targetType: oneOf(AUDIT_TARGETS),
  targetId: id,
  fromTime: safeInteger,
  toTime: safeInteger,
};

/** Times are milliseconds since 1970; an empty text is as good as none. */
function filterOf(input: {
  readonly username?: string | undefined;
  readonly action?: AuditFilter["action"];
  readonly targetType?: AuditFilter["targetType"];
  readonly targetId?: string | undefined;
  readonly fromTime?: number | undefined;
  readonly toTime?: number | undefined;
}): AuditFilter {
  const { username, action, targetType, targetId, fromTime, toTime } = input;
  return {
    username: username || undefined,
    action,
    targetType,
    targetId: targetId || undefined,
    fromMs: fromTime,
    toMs: toTime,
  };
}

async function* lines(ctx: ServiceContext, of: AuditFilter): AsyncGenerator<string, void> {
  for await (const entries of allAuditEntries(ctx, of)) {
    yield entries.map((entry) => `${JSON.stringify(entryToWire(entry))}\n`).join("");
  }
}

/** The audit log, for admins. No route changes it. */
export const auditRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: apiPaths("/trackflare/audit"),
    permission: onServer("READ"),
    input: message({ ...filter, maxResults: safeInteger, pageToken: string }),
    handle: async ({ ctx, input }) => {
      const page = { token: input.pageToken, size: input.maxResults };
      const { entries, nextPageToken } = await listAuditEntries(ctx, filterOf(input), page);
      return json({ entries: entries.map(entryToWire), next_page_token: nextPageToken });
    },
  }),
  route({
    method: "GET",
    paths: apiPaths("/trackflare/audit/export"),
    permission: onServer("READ"),
    input: message(filter),
    handle: async ({ ctx, input }) => await ndjsonStream(lines(ctx, filterOf(input))),
  }),
];
