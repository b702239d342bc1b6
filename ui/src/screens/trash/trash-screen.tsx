import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type KeyboardEvent, lazy, Suspense, useMemo, useState } from "react";
import { experimentListQuery } from "../../api/experiment-list.ts";
import { restoreExperiment } from "../../api/experiments.ts";
import { failureOf, useChange } from "../../api/query-client.ts";
import { restoreRun } from "../../api/runs.ts";
import { listTrash, type PurgeScope, restoreLoggedModel, type TrashedThing, trashQuery } from "../../api/trash.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { RowGrid } from "../../parts/row-grid.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { useIsAdmin } from "../access/rights.ts";
import { trashSearch } from "./search.ts";
import { thingHref, trashColumns } from "./trash-columns.tsx";
import { scopeOf, thingsText } from "./trash-words.ts";

const PurgeDialog = lazy(() => import("./purge-dialog.tsx"));

interface Purging {
  what: string;
  scope: () => Promise<PurgeScope>;
}

function restore({ kind, id }: TrashedThing): Promise<object> {
  if (kind === "run") return restoreRun({ run_id: id });
  if (kind === "experiment") return restoreExperiment({ experiment_id: id });
  return restoreLoggedModel({ model_id: id });
}

async function restoreAll(things: readonly TrashedThing[]): Promise<void> {
  for (const thing of things) await restore(thing);
}

/** Everything of the trash that the reader manages, however many pages its list has. */
async function wholeScope(kind: TrashedThing["kind"], experimentId: string | undefined): Promise<PurgeScope> {
  const things: TrashedThing[] = [];
  for (let token: string | undefined = ""; token !== undefined; ) {
    const page = await listTrash(kind, experimentId, token);
    things.push(...page.things.filter(canPurge));
    token = page.nextPageToken;
  }
  return scopeOf(kind, things);
}

const canPurge = ({ mayManage, stays }: TrashedThing): boolean => mayManage && stays === undefined;

/** What was deleted, in one experiment or everywhere, to be restored or deleted for good. */
export function TrashScreen() {
  const { experimentId: experiment } = useParams({ strict: false });
  const { kind: asked = "run" } = trashSearch.parse(useSearch({ strict: false }));
  // An experiment has no deleted experiments.
  const kind = experiment !== undefined && asked === "experiment" ? "run" : asked;
  const navigate = useNavigate();
  const list = useInfiniteQuery(trashQuery(kind, experiment));
  const experiments = useQuery(experimentListQuery()).data;
  const isAdmin = useIsAdmin();
  const [selectedIds, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [purging, setPurging] = useState<Purging>();
  const restoring = useChange(restoreAll, ["trash", "runs", "experiments", "logged-models"]);
  const names = useMemo(
    () => new Map(experiments?.map(({ experiment_id, name }) => [experiment_id, name])),
    [experiments],
  );
  const experimentName = experiment === undefined ? undefined : (names.get(experiment) ?? experiment);
  useBreadcrumbs([
    // The bar leaves out the first step, which is a section.
    { label: "Home", href: "#/home" },
    ...(experiment === undefined ? [] : [{ label: experimentName ?? experiment, href: `#/experiments/${experiment}` }]),
    { label: "Trash" },
  ]);

  const things = list.data?.pages.flatMap((page) => page.things);
  const managed = things?.filter(({ mayManage }) => mayManage) ?? [];
  const selected = managed.filter(({ id }) => selectedIds.has(id));
  const clear = (): void => setSelected(new Set());
  const show = (next: TrashedThing["kind"]): void => {
    clear();
    const search = { kind: next === "run" ? undefined : next };
    if (experiment === undefined) void navigate({ to: "/trash", search, replace: true });
    else
      void navigate({
        to: "/experiments/$experimentId/trash",
        params: { experimentId: experiment },
        search,
        replace: true,
      });
  };
  const nameOf = (one: TrashedThing): string => one.name || one.id;
  const bringBack = (targets: readonly TrashedThing[]): void => {
    const what = targets.length === 1 ? nameOf(targets[0]!) : thingsText(kind, targets.length);
    restoring.mutate(targets, {
      onSuccess: () => {
        say(`Restored ${what}.`);
        clear();
      },
      onError: (error) => {
        sayFailed("Not everything could be restored.", error);
        void list.refetch();
      },
    });
  };
  const askPurge = (targets: readonly TrashedThing[]): void => {
    const going = targets.filter(canPurge);
    if (going.length === 0) return;
    setPurging({ what: thingsText(kind, going.length), scope: async () => scopeOf(kind, going) });
  };
  const emptyTrash = (): void => setPurging({ what: "the whole trash", scope: async () => ({ all: true }) });
  const emptyExperiment = (): void =>
    setPurging({ what: `all ${thingsText(kind, 2).slice(2)} here`, scope: () => wholeScope(kind, experiment) });
  useCommands([
    {
      id: "trash.restore",
      label: "Restore the selected",
      group: "Trash",
      keys: "r",
      isDisabled: selected.length === 0,
      run: () => bringBack(selected),
    },
    {
      id: "trash.purge",
      label: "Delete the selected for good",
      group: "Trash",
      isDisabled: !selected.some(canPurge),
      run: () => askPurge(selected),
    },
    { id: "trash.empty", label: "Empty the trash", group: "Trash", isDisabled: !isAdmin, run: emptyTrash },
  ]);
  const onRowKey = (event: KeyboardEvent, thing: TrashedThing): void => {
    if (event.key !== "Delete") return;
    event.preventDefault();
    askPurge(selected.length > 0 ? selected : [thing]);
  };
  const columns = trashColumns({
    kind,
    names,
    onRestore: (one) => bringBack([one]),
    onPurge: (one) => askPurge([one]),
  });
  const failure = failureOf(list);
  const hasMore = list.hasNextPage;

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-2 px-3 py-2 wide:px-4">
        <h1 className="sr-only">Trash</h1>
        <Segmented
          label="What was deleted"
          value={kind}
          onValueChange={show}
          segments={[
            { value: "run", label: "Runs" },
            ...(experiment === undefined ? [{ value: "experiment" as const, label: "Experiments" }] : []),
            { value: "logged_model", label: "Models" },
          ]}
        />
        {experiment !== undefined && (
          <a href={`#/trash${kind === "run" ? "" : `?kind=${kind}`}`} className="whitespace-nowrap">
            All experiments
          </a>
        )}
        <span role="status" className="min-w-0 flex-1 truncate text-ink-muted">
          {selected.length > 0
            ? `${formatCount(selected.length)} selected`
            : things !== undefined && countText(kind, things.length, hasMore)}
        </span>
        {selected.length > 0 ? (
          <>
            <Button onClick={() => bringBack(selected)} isBusy={restoring.isPending}>
              Restore
            </Button>
            <Button kind="danger" disabled={!selected.some(canPurge)} onClick={() => askPurge(selected)}>
              Delete for good…
            </Button>
            <Button kind="quiet" onClick={clear}>
              Clear
            </Button>
          </>
        ) : experiment !== undefined ? (
          managed.some(canPurge) && (
            <Button kind="danger" onClick={emptyExperiment}>
              Delete all for good…
            </Button>
          )
        ) : (
          isAdmin &&
          things !== undefined &&
          things.length > 0 && (
            <Button kind="danger" onClick={emptyTrash}>
              Empty the trash…
            </Button>
          )
        )}
      </header>
      {failure !== undefined ? (
        <ErrorState title="The trash could not be loaded" error={failure} onRetry={() => void list.refetch()} />
      ) : things === undefined ? (
        <SkeletonRows rows={14} />
      ) : things.length === 0 ? (
        <Nothing kind={kind} experimentName={experimentName} />
      ) : (
        <RowGrid
          label="Trash"
          rows={things}
          idOf={({ id }) => id}
          columns={columns}
          {...(managed.length > 0 && { selected: selectedIds, onSelect: setSelected })}
          canSelect={({ mayManage }) => mayManage}
          onOpen={(thing) => {
            location.hash = thingHref(thing);
          }}
          onRowKey={onRowKey}
          onEndNear={() => {
            if (hasMore && !list.isFetchingNextPage) void list.fetchNextPage();
          }}
        />
      )}
      <Suspense>
        {purging !== undefined && <PurgeDialog {...purging} onClose={() => setPurging(undefined)} onGone={clear} />}
      </Suspense>
    </div>
  );
}

const countText = (kind: TrashedThing["kind"], count: number, hasMore: boolean): string =>
  hasMore ? `The latest ${thingsText(kind, count)}` : thingsText(kind, count);

function Nothing({ kind, experimentName }: { kind: TrashedThing["kind"]; experimentName: string | undefined }) {
  const nouns = thingsText(kind, 2).slice(2);
  return (
    <EmptyState title={experimentName === undefined ? `No ${nouns} in the trash` : `No deleted ${nouns} here`}>
      {experimentName !== undefined && <p>Nothing of {experimentName} is in the trash.</p>}
      {kind === "experiment"
        ? "A deleted experiment stays here with its runs until somebody restores it or deletes it for good."
        : `Deleted ${nouns} stay here until somebody restores them or deletes them for good.`}
    </EmptyState>
  );
}
