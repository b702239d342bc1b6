import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";
import type { KeyValue } from "../../api/wire.ts";
import { type GridColumn, RowGrid } from "../../parts/row-grid.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { ListSection } from "./list-section.tsx";
import { findPairs } from "./run-facts.ts";

const COLUMNS: readonly GridColumn<KeyValue>[] = [
  {
    id: "key",
    header: "Parameter",
    track: "minmax(120px,1fr)",
    cell: ({ key }) => (
      <span title={key} className="truncate">
        {key}
      </span>
    ),
  },
  {
    id: "value",
    header: "Value",
    track: "minmax(120px,2fr)",
    cell: ({ value }) => (
      <span title={value} className="truncate">
        {value}
      </span>
    ),
  },
];

function copy({ key, value }: KeyValue): void {
  navigator.clipboard?.writeText(value).then(
    () => say(`Copied the value of ${key}.`),
    (error: unknown) => sayFailed("The value could not be copied.", error),
  );
}

/** The parameters of a run. Enter copies a value. */
export function ParamTable({ params }: { params: readonly KeyValue[] }) {
  const { pq = "" } = useSearch({ from: "/experiments/$experimentId/runs/$runId" });
  const navigate = useNavigate({ from: "/experiments/$experimentId/runs/$runId" });
  const [isWhole, setWhole] = useState(false);
  const words = useDeferredValue(pq);
  const rows = useMemo(() => findPairs(params, words), [params, words]);
  return (
    <ListSection
      title="Parameters"
      count={params.length}
      found={rows.length}
      words={pq}
      onWords={(next) => void navigate({ search: (before) => ({ ...before, pq: next || undefined }), replace: true })}
      emptyText="No parameters: log them by mlflow.log_param."
      isWhole={isWhole}
      onWhole={setWhole}
    >
      <RowGrid label="Parameters" rows={rows} idOf={({ key }) => key} columns={COLUMNS} onOpen={copy} />
    </ListSection>
  );
}
