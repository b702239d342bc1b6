import { infiniteQueryOptions } from "@tanstack/react-query";
import { getJson, withQuery } from "./client.ts";

/** One thing that somebody did. Times in ms since 1970. */
export interface AuditEntry {
  entry_id: string;
  time: number;
  /** Empty if nobody was signed in. */
  username: string;
  credential: string;
  /** Empty where the server does not know it. */
  address: string;
  request_id: string;
  action: string;
  target_type: string;
  target_id: string;
  detail: Record<string, unknown>;
}

/** Which entries are asked for; empty texts mean all. */
export interface AuditFilter {
  username: string;
  action: string;
  target_id: string;
}

const AUDIT = "ajax-api/2.0/trackflare/audit";

const fieldsOf = ({ username, action, target_id }: AuditFilter) => ({
  username: username || undefined,
  action: action || undefined,
  target_id: target_id || undefined,
});

/** Entries in pages, the newest first. */
export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam, signal }) =>
      getJson<{ entries: AuditEntry[]; next_page_token?: string }>(
        AUDIT,
        { ...fieldsOf(filter), page_token: pageParam },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
  });

/** The address of all these entries as lines of JSON. */
export const auditExport = (filter: AuditFilter): string => withQuery(`${AUDIT}/export`, fieldsOf(filter));
