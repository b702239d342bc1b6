import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type KeyboardEvent, lazy, Suspense, useDeferredValue, useMemo, useRef, useState } from "react";
import { experimentListQuery, type ListedExperiment } from "../../api/experiment-list.ts";
import { restoreExperiment } from "../../api/experiments.ts";
import { useChange } from "../../api/query-client.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { RowGrid } from "../../parts/row-grid.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { experimentColumns } from "./experiment-columns.tsx";
import type { Doing } from "./experiment-dialogs.tsx";
import { foldersTo, hasFolders, listRows, type Row, rowId, SORTS } from "./experiment-rows.ts";

const ExperimentDialogs = lazy(() => import("./experiment-dialogs.tsx"));
const FirstRun = lazy(() => import("./first-run.tsx"));

/** How often the list reloads, in ms: often while the page waits for a first run, seldom if the list is long. */
function refreshPeriod(experiments: readonly ListedExperiment[] | undefined): number {
  if (experiments === undefined || experiments.length > 1000) return 60_000;
  return isUnused(experiments) ? 2000 : 10_000;
}

function isUnused(experiments: readonly ListedExperiment[]): boolean {
  return (
    experiments.length <= 1 && experiments.every(({ active_runs, deleted_runs }) => active_runs + deleted_runs === 0)
  );
}

export function ExperimentsScreen() {
  const search = useSearch({ from: "/experiments" });
  const navigate = useNavigate({ from: "/experiments" });
  const list = useQuery({
    ...experimentListQuery(),
    refetchInterval: (query) => refreshPeriod(query.state.data),
  });
  const { q = "", view = "active", folder = "", flat = false, sort = "name" } = search;
  const [text, setText] = useAddressText(search.q, (next) => {
    void navigate({ search: (before) => ({ ...before, q: next }), replace: true });
  });
  const words = useDeferredValue(q);
  const all = list.data;
  const rows = useMemo(
    () => listRows(all ?? [], { words, stage: view, folder, isFlat: flat, sort }),
    [all, words, view, folder, flat, sort],
  );
  const [selectedIds, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [doing, setDoing] = useState<Doing>();
  const searchBox = useRef<HTMLInputElement>(null);
  const restore = useChange(restoreExperiment, ["experiments", "runs"]);

  const parents = foldersTo(folder);
  useBreadcrumbs([{ label: view === "deleted" ? "Deleted experiments" : folder || "Experiments" }]);
  const here = rows.flatMap((row) => (row.kind === "experiment" ? [row.experiment] : []));
  const selected = here.filter((experiment) => selectedIds.has(experiment.experiment_id));
  const openFolder = (path: string): void => {
    setSelected(new Set());
    void navigate({ search: (before) => ({ ...before, folder: path || undefined }) });
  };
  const openRuns = (experiments: readonly ListedExperiment[]): void => {
    const ids = experiments.map((experiment) => experiment.experiment_id).join(",");
    void navigate({ to: "/experiments/$ids", params: { ids } });
  };
  const openRow = (row: Row): void => (row.kind === "folder" ? openFolder(row.path) : openRuns([row.experiment]));
  const restoreAll = async (experiments: readonly ListedExperiment[]): Promise<void> => {
    try {
      for (const { experiment_id } of experiments) await restore.mutateAsync({ experiment_id });
      say(
        experiments.length === 1 ? `Restored ${experiments[0]!.name}.` : `Restored ${experiments.length} experiments.`,
      );
      setSelected(new Set());
    } catch (error) {
      sayFailed("Not everything could be restored.", error);
    }
  };
  const setView = (next: "active" | "deleted"): void => {
    setSelected(new Set());
    void navigate({
      search: (before) => ({ ...before, view: next === "active" ? undefined : next, folder: undefined }),
    });
  };
  const sortBy = (column: string): void => {
    const isNumeric = column !== "name";
    const first = isNumeric ? `-${column}` : column;
    const other = isNumeric ? column : `-${column}`;
    void navigate({ search: (before) => ({ ...before, sort: sort === first ? other : first }), replace: true });
  };
  const onRowKey = (event: KeyboardEvent, row: Row): void => {
    const targets = selected.length > 0 ? selected : row.kind === "experiment" ? [row.experiment] : [];
    if (event.key === "Backspace" && folder !== "") openFolder(parents.at(-2)?.path ?? "");
    else if (event.key === "Delete" && view === "active" && targets.length > 0) {
      setDoing({ kind: "delete", experiments: targets });
    } else if (event.key === "F2" && view === "active" && row.kind === "experiment") {
      setDoing({ kind: "rename", experiment: row.experiment });
    } else return;
    event.preventDefault();
  };
  const create = (): void => setDoing({ kind: "create", folder });
  useCommands([
    { id: "experiments.create", label: "New experiment", group: "Experiments", keys: "c", run: create },
    {
      id: "experiments.search",
      label: "Search in the list",
      group: "Experiments",
      keys: "/",
      run: () => searchBox.current?.focus(),
    },
    {
      id: "experiments.open",
      label: "Open the selected experiments together",
      group: "Experiments",
      keys: "o",
      isDisabled: selected.length === 0,
      run: () => openRuns(selected),
    },
    {
      id: "experiments.trash",
      label: view === "active" ? "Show deleted experiments" : "Show active experiments",
      group: "Experiments",
      run: () => setView(view === "active" ? "deleted" : "active"),
    },
  ]);
  const columns = experimentColumns({
    view,
    hasFolders: rows[0]?.kind === "folder",
    openFolder,
    setDoing,
    restore: (experiment) => void restoreAll([experiment]),
  });
  const column = sort.replace(/^-/, "");
  const shownSort = SORTS.find((name) => name === column) ?? "name";
  // A phone has room either for the actions on the selection or for the list's controls.
  const beside = selected.length > 0 ? "not-wide:hidden" : "";

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex shrink-0 flex-col gap-2 px-3 py-2 wide:flex-row wide:items-center wide:px-4">
        <h1 className="sr-only">Experiments</h1>
        <div className="flex items-center gap-2 wide:contents">
          <SearchField
            ref={searchBox}
            label="Name, tag or description"
            value={text}
            onValueChange={setText}
            className="min-w-0 flex-1 wide:max-w-[360px]"
          />
          <Button kind="primary" icon={<Plus size={14} aria-hidden />} onClick={create} className="wide:order-last">
            <span>
              New<span className="sr-only wide:not-sr-only"> experiment</span>
            </span>
          </Button>
        </div>
        <div className="flex min-w-0 flex-1 items-center gap-2">
          <Segmented
            label="Which experiments"
            value={view}
            onValueChange={setView}
            segments={[
              { value: "active", label: "Active" },
              { value: "deleted", label: "Trash" },
            ]}
            className={beside}
          />
          {all !== undefined && hasFolders(all) && (
            <Segmented
              label="Layout"
              value={flat ? "flat" : "folders"}
              onValueChange={(next) =>
                void navigate({
                  search: (before) => ({ ...before, flat: next === "flat" || undefined }),
                  replace: true,
                })
              }
              segments={[
                { value: "folders", label: "Folders" },
                { value: "flat", label: "Flat" },
              ]}
              className={beside}
            />
          )}
          <span role="status" className="min-w-0 flex-1 truncate text-ink-muted">
            {all !== undefined && (selected.length > 0 ? `${selected.length} selected` : countText(rows))}
          </span>
          {selected.length > 0 && (
            <>
              {view === "active" && (
                <Button onClick={() => openRuns(selected)}>{selected.length > 1 ? "Open together" : "Open"}</Button>
              )}
              {view === "active" ? (
                <Button kind="danger" onClick={() => setDoing({ kind: "delete", experiments: selected })}>
                  Delete
                </Button>
              ) : (
                <Button onClick={() => void restoreAll(selected)}>Restore</Button>
              )}
              <Button kind="quiet" onClick={() => setSelected(new Set())}>
                Clear
              </Button>
            </>
          )}
        </div>
      </header>
      {folder !== "" && (
        <nav aria-label="Folder" className="flex shrink-0 flex-wrap items-center gap-1 px-3 pb-2 wide:px-4">
          <FolderLink name="All experiments" onOpen={() => openFolder("")} />
          {parents.map(({ path, name }, index) => (
            <span key={path} className="flex min-w-0 items-center gap-1">
              <span aria-hidden className="text-ink-faint">
                /
              </span>
              {index === parents.length - 1 ? (
                <span aria-current="location" className="font-medium wrap-anywhere">
                  {name}
                </span>
              ) : (
                <FolderLink name={name} onOpen={() => openFolder(path)} />
              )}
            </span>
          ))}
        </nav>
      )}
      {all === undefined ? (
        list.isError ? (
          <ErrorState
            title="The experiments could not be loaded"
            error={list.error}
            onRetry={() => void list.refetch()}
          />
        ) : (
          <SkeletonRows rows={14} />
        )
      ) : rows.length === 0 ? (
        <Nothing isSearch={words !== ""} view={view} onClear={() => setText("")} />
      ) : (
        <div className={isUnused(all) ? "flex h-24 shrink-0 flex-col" : "flex min-h-0 flex-1 flex-col"}>
          <RowGrid
            label="Experiments"
            rows={rows}
            idOf={rowId}
            columns={columns}
            sort={{ by: shownSort, isDescending: sort.startsWith("-") }}
            onSort={sortBy}
            selected={selectedIds}
            onSelect={setSelected}
            canSelect={(row) => row.kind === "experiment"}
            onOpen={openRow}
            onRowKey={onRowKey}
          />
        </div>
      )}
      <Suspense>
        {all !== undefined && isUnused(all) && view === "active" && words === "" && <FirstRun />}
        {doing !== undefined && (
          <ExperimentDialogs
            doing={doing}
            onClose={() => setDoing(undefined)}
            onCreated={(ids) => void navigate({ to: "/experiments/$ids", params: { ids } })}
          />
        )}
      </Suspense>
    </div>
  );
}

function FolderLink({ name, onOpen }: { name: string; onOpen: () => void }) {
  return (
    <button type="button" className="rounded-sm text-accent wrap-anywhere hover:underline" onClick={onOpen}>
      {name}
    </button>
  );
}

function countText(rows: readonly Row[]): string {
  const folders = rows.filter((row) => row.kind === "folder").length;
  const experiments = rows.length - folders;
  const parts = [
    folders > 0 && `${formatCount(folders)} ${folders === 1 ? "folder" : "folders"}`,
    (experiments > 0 || folders === 0) &&
      `${formatCount(experiments)} ${experiments === 1 ? "experiment" : "experiments"}`,
  ];
  return parts.filter(Boolean).join(", ");
}

interface NothingProps {
  isSearch: boolean;
  view: "active" | "deleted";
  onClear: () => void;
}

function Nothing({ isSearch, view, onClear }: NothingProps) {
  if (isSearch) {
    return (
      <EmptyState title="No experiment matches" actions={<Button onClick={onClear}>Empty the search</Button>}>
        Names, tags and descriptions were searched{view === "active" ? ", but not those in the trash" : ""}.
      </EmptyState>
    );
  }
  if (view === "deleted")
    return <EmptyState title="The trash is empty">Deleted experiments can be restored here.</EmptyState>;
  return <EmptyState title="No experiments here">Create one, or log a run: clients create what they need.</EmptyState>;
}
