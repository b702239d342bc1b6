import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { type AuditEntry, auditExport, auditQuery } from "../../api/audit.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { Line, TextPage } from "../../parts/lines.tsx";
import { Select } from "../../parts/select.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { Time } from "../../parts/values.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { ACTIONS, detailOf, sentenceOf } from "./audit-words.ts";

/** Who did what, for admins. */
export function AuditScreen() {
  useBreadcrumbs([{ label: "Audit log" }]);
  const { by = "", action = "", to = "" } = useSearch({ from: "/audit" });
  const navigate = useNavigate();
  const filter = { username: by, action, target_id: to };
  const pages = useInfiniteQuery({ ...auditQuery(filter), placeholderData: (before) => before });
  const set = (change: { by?: string; action?: string; to?: string }): void => {
    const next = { by, action, to, ...change };
    const search = { by: next.by || undefined, action: next.action || undefined, to: next.to || undefined };
    void navigate({ to: "/audit", search, replace: true });
  };
  return (
    <TextPage title="Audit log">
      <div className="flex flex-col gap-2">
        <div className="flex flex-wrap items-center gap-2">
          <SearchField
            label="Who, by the exact name"
            value={by}
            onValueChange={(text) => set({ by: text })}
            className="min-w-0 flex-1 basis-40"
          />
          <SearchField
            label="To what, by the exact name or id"
            value={to}
            onValueChange={(text) => set({ to: text })}
            className="min-w-0 flex-1 basis-40"
          />
          <Select
            label="Action"
            value={action}
            onValueChange={(value) => set({ action: value })}
            options={ACTIONS}
            className="min-w-40"
          />
          <a href={auditExport(filter)} download="audit.ndjson" className={buttonClass("plain")}>
            <Download size={14} aria-hidden />
            Export
          </a>
        </div>
        {pages.data === undefined ? (
          pages.isError ? (
            <ErrorState title="The log could not be read" error={pages.error} onRetry={() => void pages.refetch()} />
          ) : (
            <SkeletonRows rows={12} />
          )
        ) : (
          <Entries
            entries={pages.data.pages.flatMap(({ entries }) => entries)}
            isFiltered={Boolean(by || action || to)}
          />
        )}
        {pages.hasNextPage && (
          <Button isBusy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()} className="self-center">
            Earlier entries
          </Button>
        )}
      </div>
    </TextPage>
  );
}

function Entries({ entries, isFiltered }: { entries: readonly AuditEntry[]; isFiltered: boolean }) {
  if (entries.length === 0) {
    return (
      <EmptyState title={isFiltered ? "No entry like this" : "Nothing is recorded yet"}>
        {isFiltered
          ? "Names and ids must be exact."
          : "Changes of people, tokens, grants, deletions and stages will stand here, and stay."}
      </EmptyState>
    );
  }
  return (
    <ul>
      {entries.map((entry) => (
        <Line
          key={entry.entry_id}
          title={sentenceOf(entry)}
          about={[detailOf(entry), `by ${entry.credential}`, entry.address].filter((part) => part !== "").join(" · ")}
        >
          <span className="text-ink-muted text-sm" title={`Request ${entry.request_id}`}>
            <Time timeMs={entry.time} />
          </span>
        </Line>
      ))}
    </ul>
  );
}
