import { credentialOf, type Principal } from "../../domain/principal.ts";
import type { OrderColumn } from "../../search/order.ts";
import { pageToken, parsePageToken, queryFingerprint } from "../../search/page-token.ts";
import { checkMaxResults } from "../../search/plan.ts";
import {
  type AuditEntry,
  type AuditedCaller,
  type AuditedChange,
  type AuditFilter,
  auditStatement,
  findAuditEntries,
  IF_CHANGED,
  IF_FIRST,
  RecordingDatabase,
} from "../../stores/d1/access/audit.ts";
import type { Database } from "../../stores/d1/connection/database.ts";
import { yieldTurn } from "../../stores/d1/connection/turn.ts";
import type { ServiceContext } from "../context.ts";

/*
 * The audit log: who did what, and from where. The entry is a part of the transaction that makes the change, so neither
 * exists without the other.
 */

/** What an entry needs to know of a request. */
export type AuditedContext = Pick<ServiceContext, "principal" | "clientAddress" | "requestId">;

/** The caller as entries name it. @param principal another caller than the request's, such as one who signs in */
export function callerOf(ctx: AuditedContext, principal: Principal = ctx.principal): AuditedCaller {
  return {
    username: principal.username,
    credential: credentialOf(principal),
    address: ctx.clientAddress,
    requestId: ctx.requestId,
  };
}

/**
 * The database for one change that the audit log records. Each transaction through it adds the entry, if the transaction's
 * last statement has changed something.
 */
export function recorded(
  ctx: AuditedContext & Pick<ServiceContext, "writes">,
  change: AuditedChange,
  principal?: Principal,
): Database {
  return new RecordingDatabase(ctx.writes, (db) =>
    auditStatement(db, callerOf(ctx, principal), change, { condition: IF_CHANGED }),
  );
}

/** The database for the transactions of one command, which may take many requests: the first of them adds the entry. */
export function recordedOnce(ctx: AuditedContext & Pick<ServiceContext, "writes">, change: AuditedChange): Database {
  return new RecordingDatabase(ctx.writes, (db) => auditStatement(db, callerOf(ctx), change, { condition: IF_FIRST }));
}

const POSITION: readonly OrderColumn[] = [{ sql: "entry_id", type: "text", ascending: false, nullable: false }];

const ENTRIES_PER_PAGE = 100;
const MAX_ENTRIES_PER_PAGE = 1000;

/**
 * A page of entries, the newest first.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a token of another list, or a size beyond 1,000
 */
export async function listAuditEntries(
  ctx: ServiceContext,
  filter: AuditFilter,
  { token, size = ENTRIES_PER_PAGE }: { readonly token?: string | undefined; readonly size?: number | undefined },
): Promise<{ readonly entries: AuditEntry[]; readonly nextPageToken: string | undefined }> {
  checkMaxResults(size, MAX_ENTRIES_PER_PAGE);
  const query = queryFingerprint(["audit", filter]);
  const [before] = token ? parsePageToken(token, query, POSITION) : [];
  const found = await findAuditEntries(ctx.db, filter, before as string | undefined, size + 1);
  const entries = found.slice(0, size);
  const last = entries.at(-1);
  return { entries, nextPageToken: found.length > size && last ? pageToken(query, [last.entryId]) : undefined };
}

/** All entries, the newest first. Entries that are added meanwhile are left out. */
export async function* allAuditEntries(ctx: ServiceContext, filter: AuditFilter): AsyncGenerator<AuditEntry[], void> {
  for (let before: string | undefined; ; ) {
    const entries = await findAuditEntries(ctx.db, filter, before, MAX_ENTRIES_PER_PAGE);
    if (entries.length > 0) yield entries;
    if (entries.length < MAX_ENTRIES_PER_PAGE) return;
    before = entries.at(-1)?.entryId;
    await yieldTurn();
  }
}
