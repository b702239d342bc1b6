import { pipeline } from "node:stream/promises";
import { AccessServer, type ServerFlags } from "./access-server.ts";
import { secondsOf } from "./durations.ts";
import { tableText, timeText } from "./table-text.ts";

interface WireEntry {
  readonly time: number;
  readonly username: string;
  readonly credential: string;
  readonly address: string;
  readonly action: string;
  readonly target_type: string;
  readonly target_id: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AuditFlags extends ServerFlags {
  readonly user?: string;
  readonly action?: string;
  readonly targetType?: string;
  readonly target?: string;
  readonly since?: string;
}

const AUDIT = "/api/2.0/trackflare/audit";

/** Prints the newest entries, the newest first. */
export async function listAudit(flags: AuditFlags & { readonly limit: string; readonly json?: true }): Promise<void> {
  const query = { ...queryOf(flags), max_results: flags.limit };
  const { entries } = await new AccessServer(flags).ask<{ entries: WireEntry[] }>("GET", AUDIT, query);
  if (flags.json) {
    console.log(JSON.stringify(entries, undefined, 2));
    return;
  }
  const rows = entries.map((entry) => [
    timeText(entry.time, ""),
    entry.username,
    entry.credential,
    entry.address || "-",
    entry.action,
    `${entry.target_type} ${entry.target_id}`.trim(),
    JSON.stringify(entry.detail),
  ]);
  console.log(tableText(["TIME", "USER", "SIGNED_IN_BY", "ADDRESS", "ACTION", "TARGET", "DETAIL"], rows));
}

/** Writes all entries to stdout as they arrive, each a line of JSON. */
export async function exportAudit(flags: AuditFlags): Promise<void> {
  const body = await new AccessServer(flags).stream(`${AUDIT}/export`, queryOf(flags));
  await pipeline(body, process.stdout, { end: false });
}

function queryOf({ user, action, targetType, target, since }: AuditFlags): Record<string, string> {
  const fromTime = since === undefined ? undefined : Date.now() - secondsOf("--since", since) * 1000;
  const all = { username: user, action, target_type: targetType, target_id: target, from_time: fromTime };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
