import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useDeferredValue, useMemo, useState } from "react";
import type { KeyValue } from "../../api/wire.ts";
import { type GridColumn, RowGrid } from "../../parts/row-grid.tsx";
import { ListSection } from "./list-section.tsx";
import { findPairs } from "./run-facts.ts";

const ValueDialog = lazy(() => import("./value-dialog.tsx"));

/** The parameters of a run. A press or Enter shows a value as a whole. */
export function ParamTable({ params }: { params: readonly KeyValue[] }) {
  const { pq = "" } = useSearch({ from: "/experiments/$experimentId/runs/$runId" });
  const navigate = useNavigate({ from: "/experiments/$experimentId/runs/$runId" });
  const [isWhole, setWhole] = useState(false);
  const [opened, setOpened] = useState<KeyValue>();
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
      <RowGrid label="Parameters" rows={rows} idOf={({ key }) => key} columns={columns(setOpened)} onOpen={setOpened} />
      {opened !== undefined && (
        <Suspense>
          <ValueDialog pair={opened} onClose={() => setOpened(undefined)} />
        </Suspense>
      )}
    </ListSection>
  );
}

function columns(open: (pair: KeyValue) => void): GridColumn<KeyValue>[] {
  return [
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
      track: "minmax(120px,1fr)",
      cell: (pair, tabIndex) => (
        <button
          type="button"
          tabIndex={tabIndex}
          title={pair.value}
          onClick={() => open(pair)}
          className="min-w-0 truncate -outline-offset-2 hover:underline"
        >
          {pair.value}
        </button>
      ),
    },
  ];
}
