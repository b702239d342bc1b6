import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Ellipsis, PackagePlus, Pencil, RotateCcw, Trash2 } from "lucide-react";
import { lazy, Suspense, useEffect, useLayoutEffect, useState } from "react";
import { ApiError } from "../../api/client.ts";
import { experimentQuery } from "../../api/experiments.ts";
import { useChange } from "../../api/query-client.ts";
import { type Run, restoreRun, runQuery } from "../../api/runs.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { Badge, Status } from "../../parts/badges.tsx";
import { Button, buttonClass, IconButton } from "../../parts/button.tsx";
import { useNow } from "../../parts/clock.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { lazily } from "../../parts/lazily.tsx";
import { Menu } from "../../parts/menu.tsx";
import { shownStatus } from "../../parts/run-status.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { FavouriteButton } from "../../shell/favourite-button.tsx";
import { notePlace } from "../../shell/places.ts";
import { type Rights, useRunRights } from "../access/rights.ts";
import { ShareButton } from "../share/share-button.tsx";
import { ColourChoice } from "./colour-choice.tsx";
import { useLiveRun } from "./live-run.ts";
import type { Doing } from "./run-dialogs.tsx";
import { hasSystemMetrics, lastHeardMs } from "./run-facts.ts";
import { RunOverview } from "./run-overview.tsx";

const RunDialogs = lazy(() => import("./run-dialogs.tsx"));
const RunCharts = lazily(async () => (await import("../../charts/run-charts.tsx")).RunCharts);
const RunArtifacts = lazily(async () => (await import("./run-artifacts.tsx")).default);
const SystemMetrics = lazily(async () => (await import("./system-metrics.tsx")).default);
/** The code of tabs, which is asked for with the run. */
const TAB_CODE: Partial<Record<Tab, { preload: () => void }>> = {
  charts: RunCharts,
  system: SystemMetrics,
  artifacts: RunArtifacts,
};

const FROM = "/experiments/$experimentId/runs/$runId";

const TABS = [
  { value: "overview", label: "Overview" },
  { value: "charts", label: "Charts" },
  { value: "system", label: "System metrics" },
  { value: "artifacts", label: "Artifacts" },
] as const;

type Tab = (typeof TABS)[number]["value"];

export function RunScreen() {
  const { experimentId, runId } = useParams({ from: FROM });
  const { tab = "overview" } = useSearch({ from: FROM });
  useLayoutEffect(() => TAB_CODE[tab]?.preload(), [tab]);
  const query = useQuery(runQuery(runId));
  const run = query.data;
  const experiment = useQuery({
    ...experimentQuery(run?.info.experiment_id ?? experimentId),
    enabled: !IS_SHARED,
  });
  useBreadcrumbs([
    { label: "Experiments", href: "#/experiments" },
    { label: experiment.data?.name ?? experimentId, href: `#/experiments/${run?.info.experiment_id ?? experimentId}` },
    { label: run?.info.run_name || runId },
  ]);
  if (run !== undefined) return <LoadedRun key={runId} run={run} />;
  if (query.error === null) return <SkeletonRows rows={12} />;
  const isMissing = query.error instanceof ApiError && query.error.code === "RESOURCE_DOES_NOT_EXIST";
  return (
    <ErrorState
      title={isMissing ? "There is no such run" : "The run could not be loaded"}
      error={query.error}
      onRetry={() => void query.refetch()}
    >
      {isMissing && !IS_SHARED && (
        <a href={`#/experiments/${encodeURIComponent(experimentId)}`} className={buttonClass()}>
          Go to the experiment's runs
        </a>
      )}
    </ErrorState>
  );
}

function LoadedRun({ run }: { run: Run }) {
  const { run_id } = run.info;
  const { tab = "overview" } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const [doing, setDoing] = useState<Doing>();
  const rights = useRunRights([run.info.experiment_id]);
  const restore = useChange(restoreRun, ["runs", "experiments", "keys"]);
  const isDeleted = run.info.lifecycle_stage === "deleted";
  // Charts listen to the run themselves.
  const hasCharts = tab === "charts" || (tab === "system" && hasSystemMetrics(run));
  const { experiment_id: experimentId, run_name: name } = run.info;
  useEffect(
    () => notePlace({ kind: "run", id: run_id, experimentId, name: name || run_id }),
    [run_id, experimentId, name],
  );
  useLiveRun(run_id, run.info.status === "RUNNING" && !hasCharts);
  const openTab = (next: Tab): void => {
    void navigate({ search: (before) => ({ ...before, tab: next === "overview" ? undefined : next }) });
  };
  const bringBack = (): void => {
    restore.mutateAsync({ run_id }).then(
      () => say("The run was restored."),
      (error: unknown) => sayFailed("The run could not be restored.", error),
    );
  };
  useCommands([
    ...TABS.map(({ value, label }, index) => ({
      id: `run.${value}`,
      label: `Show ${label.toLowerCase()}`,
      group: "Run",
      keys: String(index + 1),
      run: () => openTab(value),
    })),
    {
      id: "run.rename",
      label: "Rename the run",
      group: "Run",
      isDisabled: isDeleted || !rights.mayEdit,
      run: () => setDoing({ kind: "rename" }),
    },
    {
      id: "run.register",
      label: "Register a model",
      group: "Run",
      isDisabled: isDeleted,
      run: () => setDoing({ kind: "register" }),
    },
    isDeleted
      ? { id: "run.restore", label: "Restore the run", group: "Run", isDisabled: !rights.mayManage, run: bringBack }
      : {
          ...{ id: "run.delete", label: "Delete the run", group: "Run", isDisabled: !rights.mayManage },
          run: () => setDoing({ kind: "delete" }),
        },
  ]);
  const fallback = <SkeletonRows rows={10} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Header run={run} rights={rights} onDo={setDoing} onRestore={bringBack} />
      <Tabs label="Parts of the run" value={tab} onValueChange={openTab} tabs={TABS}>
        {tab === "overview" && <RunOverview run={run} />}
        {tab === "charts" && <RunCharts runId={run_id} fallback={fallback} />}
        {tab === "system" && <SystemMetrics run={run} fallback={fallback} />}
        {tab === "artifacts" && (
          <RunArtifacts
            run={run}
            onRegister={isDeleted || IS_SHARED ? undefined : (folder) => setDoing({ kind: "register", folder })}
            fallback={fallback}
          />
        )}
      </Tabs>
      {doing !== undefined && (
        <Suspense>
          <RunDialogs doing={doing} run={run} onClose={() => setDoing(undefined)} />
        </Suspense>
      )}
    </div>
  );
}

interface HeaderProps {
  run: Run;
  rights: Rights;
  onDo: (doing: Doing) => void;
  onRestore: () => void;
}

function Header({ run, rights: { mayEdit, mayManage }, onDo, onRestore }: HeaderProps) {
  const { run_id, run_name, lifecycle_stage } = run.info;
  const status = shownStatus(run.info.status, lastHeardMs(run), useNow());
  const isDeleted = lifecycle_stage === "deleted";
  const restore = { label: "Restore", icon: <RotateCcw size={14} aria-hidden />, onSelect: onRestore };
  const remove = {
    label: "Delete…",
    icon: <Trash2 size={14} aria-hidden />,
    isDangerous: true,
    onSelect: () => onDo({ kind: "delete" }),
  };
  return (
    <header className="flex min-h-11 items-center gap-2 px-3 pt-1 wide:px-4">
      {!IS_SHARED && <ColourChoice run={run} mayEdit={mayEdit} />}
      <h1 title={run_name} className="min-w-0 truncate text-xl">
        <bdi>{run_name || run_id}</bdi>
      </h1>
      <CopyButton text={run_id} label="Copy the run ID" />
      {!IS_SHARED && (
        <FavouriteButton
          place={{ kind: "run", id: run_id, experimentId: run.info.experiment_id, name: run_name || run_id }}
        />
      )}
      <Status status={status} />
      {isDeleted && <Badge tone="danger">Deleted</Badge>}
      <div className="ml-auto flex items-center gap-1">
        {isDeleted && mayManage && (
          <Button icon={<RotateCcw size={14} aria-hidden />} onClick={onRestore}>
            Restore
          </Button>
        )}
        {!isDeleted && (
          <ShareButton
            name={run_name || run_id}
            thing={{ run_ids: [run_id] }}
            experimentIds={[run.info.experiment_id]}
          />
        )}
        {!IS_SHARED && (
          <Menu
            align="end"
            trigger={<IconButton label="Actions on the run" icon={<Ellipsis size={16} aria-hidden />} />}
            entries={[
              {
                label: "Rename…",
                icon: <Pencil size={14} aria-hidden />,
                isDisabled: isDeleted || !mayEdit,
                onSelect: () => onDo({ kind: "rename" }),
              },
              {
                label: "Register a model…",
                icon: <PackagePlus size={14} aria-hidden />,
                isDisabled: isDeleted,
                onSelect: () => onDo({ kind: "register" }),
              },
              null,
              ...(mayManage ? [isDeleted ? restore : remove] : []),
            ]}
          />
        )}
      </div>
    </header>
  );
}
