import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type KeyboardEvent, lazy, Suspense, useDeferredValue, useMemo, useRef, useState } from "react";
import { experimentListQuery, type ListedExperiment } from "../../api/experiment-list.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { RowGrid } from "../../parts/row-grid.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { type GrantedThings, useIfAllowed, useRights } from "../access/rights.ts";
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

function grantedOn(experiments: readonly ListedExperiment[]): GrantedThings {
  return { type: "experiment", ids: experiments.map(({ experiment_id }) => experiment_id) };
}

export function ExperimentsScreen() {
  const search = useSearch({ from: "/experiments" });
  const navigate = useNavigate({ from: "/experiments" });
  const list = useQuery({
    ...experimentListQuery(),
    refetchInterval: (query) => refreshPeriod(query.state.data),
  });
  const { q = "", folder = "", flat = false, sort = "name" } = search;
  const [text, setText] = useAddressText(search.q, (next) => {
    void navigate({ search: (before) => ({ ...before, q: next }), replace: true });
  });
  const words = useDeferredValue(q);
  const all = list.data;
  const rows = useMemo(
    () => listRows(all ?? [], { words, folder, isFlat: flat, sort }),
    [all, words, folder, flat, sort],
  );
  const [selectedIds, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [doing, setDoing] = useState<Doing>();
  const searchBox = useRef<HTMLInputElement>(null);

  const parents = foldersTo(folder);
  useBreadcrumbs([{ label: folder || "Experiments" }]);
  const here = rows.flatMap((row) => (row.kind === "experiment" ? [row.experiment] : []));
  const selected = here.filter((experiment) => selectedIds.has(experiment.experiment_id));
  const { mayManage } = useRights(grantedOn(selected));
  const ifAllowed = useIfAllowed();
  const openFolder = (path: string): void => {
    setSelected(new Set());
    void navigate({ search: (before) => ({ ...before, folder: path || undefined }) });
  };
  const openRuns = (experiments: readonly ListedExperiment[]): void => {
    const ids = experiments.map((experiment) => experiment.experiment_id).join(",");
    void navigate({ to: "/experiments/$ids", params: { ids } });
  };
  const openRow = (row: Row): void => (row.kind === "folder" ? openFolder(row.path) : openRuns([row.experiment]));
  const sortBy = (column: string): void => {
    const isNumeric = column !== "name";
    const first = isNumeric ? `-${column}` : column;
    const other = isNumeric ? column : `-${column}`;
    void navigate({ search: (before) => ({ ...before, sort: sort === first ? other : first }), replace: true });
  };
  const onRowKey = (event: KeyboardEvent, row: Row): void => {
    const targets = selected.length > 0 ? selected : row.kind === "experiment" ? [row.experiment] : [];
    if (event.key === "Backspace" && folder !== "") openFolder(parents.at(-2)?.path ?? "");
    else if (event.key === "Delete" && targets.length > 0) {
      void ifAllowed(grantedOn(targets), "mayManage", () => setDoing({ kind: "delete", experiments: targets }));
    } else if (event.key === "F2" && row.kind === "experiment") {
      const { experiment } = row;
      void ifAllowed(grantedOn([experiment]), "mayEdit", () => setDoing({ kind: "rename", experiment }));
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
  ]);
  const columns = experimentColumns({
    hasFolders: rows[0]?.kind === "folder",
    openFolder,
    setDoing,
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
          {selected.length === 0 && (
            <a href="#/trash?kind=experiment" className="text-ink-muted hover:text-ink">
              Trash
            </a>
          )}
          {selected.length > 0 && (
            <>
              <Button onClick={() => openRuns(selected)}>{selected.length > 1 ? "Open together" : "Open"}</Button>
              {mayManage && (
                <Button kind="danger" onClick={() => setDoing({ kind: "delete", experiments: selected })}>
                  Delete
                </Button>
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
        <Nothing isSearch={words !== ""} onClear={() => setText("")} />
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
        {all !== undefined && isUnused(all) && words === "" && <FirstRun />}
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
  onClear: () => void;
}

function Nothing({ isSearch, onClear }: NothingProps) {
  if (isSearch) {
    return (
      <EmptyState title="No experiment matches" actions={<Button onClick={onClear}>Empty the search</Button>}>
        Names, tags and descriptions were searched, but not in the trash.
      </EmptyState>
    );
  }
  return <EmptyState title="No experiments here">Create one, or log a run: clients create what they need.</EmptyState>;
}
