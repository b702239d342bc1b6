import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { PackagePlus, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { experimentQuery } from "../../api/experiments.ts";
import { deleteLoggedModel, loggedModelQuery } from "../../api/logged-models.ts";
import { failureOf } from "../../api/query-client.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { Badge } from "../../parts/badges.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { ConfirmDialog } from "../../parts/dialog.tsx";
import { SkeletonRows } from "../../parts/states.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { say } from "../../parts/toast.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { useRights } from "../access/rights.ts";
import { ShareButton } from "../share/share-button.tsx";
import { LoggedModelOverview } from "./logged-model-overview.tsx";
import { MODEL_STATUS } from "./logged-model-text.ts";
import { RegisterDialog } from "./register-dialog.tsx";
import { Unreadable } from "./registry-parts.tsx";
import type { LoggedModelState } from "./search.ts";

const ArtifactBrowser = lazy(async () => ({
  default: (await import("../artifacts/artifact-browser.tsx")).ArtifactBrowser,
}));

const TABS = [
  { value: "overview", label: "Overview" },
  { value: "artifacts", label: "Artifacts" },
] as const;

const FROM = "/experiments/$experimentId/models/$modelId";

/** A logged model: its properties and its files. */
export function LoggedModelScreen() {
  const { modelId, experimentId: inAddress } = useParams({ from: FROM });
  const { tab = "overview", path = "", ...place } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const client = useQueryClient();
  const found = useQuery(loggedModelQuery(modelId));
  const info = found.data?.info;
  const experimentId = info?.experiment_id ?? inAddress;
  const experiment = useQuery({ ...experimentQuery(experimentId), enabled: !IS_SHARED });
  const { mayManage } = useRights({ type: "experiment", ids: [experimentId], of: "logged_models" });
  const [dialog, setDialog] = useState<"delete" | "register">();
  useBreadcrumbs([
    { label: "Experiments", href: "#/experiments" },
    { label: experiment.data?.name ?? `Experiment ${experimentId}`, href: `#/experiments/${experimentId}` },
    { label: "Logged models", href: `#/experiments/${experimentId}/models` },
    { label: info?.name ?? modelId },
  ]);
  const show = (state: LoggedModelState, replace = false): void => {
    void navigate({ search: state, replace });
  };
  const close = (isOpen: boolean): void => {
    if (!isOpen) setDialog(undefined);
  };
  const runId = info?.source_run_id;
  useCommands([
    ...TABS.map(({ value, label }, index) => ({
      id: `logged-model.${value}`,
      label: `Show ${label.toLowerCase()}`,
      group: "Logged model",
      keys: String(index + 1),
      run: () => show({ tab: value === "overview" ? undefined : value }),
    })),
    {
      id: "logged-model.register",
      label: "Register the model",
      group: "Logged model",
      isDisabled: !runId || IS_SHARED,
      run: () => setDialog("register"),
    },
    {
      id: "logged-model.delete",
      label: "Delete the logged model",
      group: "Logged model",
      isDisabled: info === undefined || !mayManage,
      run: () => setDialog("delete"),
    },
  ]);
  const failure = failureOf(found);
  if (failure !== undefined) {
    return (
      <Unreadable
        what="logged model"
        error={failure}
        onRetry={() => void found.refetch()}
        href={`#/experiments/${encodeURIComponent(inAddress)}/models`}
        goTo="Go to the experiment's models"
      />
    );
  }
  if (info === undefined) return <SkeletonRows rows={10} />;
  const remove = async (): Promise<void> => {
    await deleteLoggedModel({ model_id: modelId });
    void client.invalidateQueries({ queryKey: ["logged-models"], refetchType: "none" });
    say(`Deleted ${info.name}.`);
    void navigate({ to: "/experiments/$experimentId/models", params: { experimentId: info.experiment_id } });
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex min-h-11 items-center gap-2 px-3 pt-1 wide:px-4">
        <h1 title={info.name} className="min-w-0 truncate text-xl">
          <bdi>{info.name}</bdi>
        </h1>
        <CopyButton text={`models:/${modelId}`} label={`Copy models:/${modelId}`} />
        {info.status !== "LOGGED_MODEL_READY" && (
          <Badge tone={info.status === "LOGGED_MODEL_PENDING" ? "info" : "danger"}>{MODEL_STATUS[info.status]}</Badge>
        )}
        <div className="ml-auto flex items-center gap-1">
          {runId && (
            <ShareButton
              name={info.name}
              thing={{ run_ids: [runId], address: `/experiments/${info.experiment_id}/models/${modelId}` }}
              experimentIds={[info.experiment_id]}
            />
          )}
          {runId && !IS_SHARED && (
            <Button icon={<PackagePlus size={14} aria-hidden />} onClick={() => setDialog("register")}>
              Register
            </Button>
          )}
          {mayManage && (
            <IconButton
              label="Delete the logged model"
              icon={<Trash2 size={16} aria-hidden />}
              onClick={() => setDialog("delete")}
            />
          )}
        </div>
      </header>
      <Tabs
        label="Parts of the logged model"
        value={tab}
        onValueChange={(next) => show({ tab: next === "overview" ? undefined : next })}
        tabs={TABS}
      >
        {tab === "overview" ? (
          <LoggedModelOverview model={found.data!} />
        ) : (
          <Suspense fallback={<SkeletonRows rows={10} />}>
            <ArtifactBrowser
              root={{ kind: "logged-model", modelId }}
              path={path}
              onPath={(next) => show({ tab, path: next || undefined })}
              place={place}
              onPlace={(next) => show({ tab, path: path || undefined, ...place, ...next }, true)}
            />
          </Suspense>
        )}
      </Tabs>
      {dialog === "register" && runId && (
        <RegisterDialog isOpen onOpenChange={close} runId={runId} initialModelId={modelId} />
      )}
      <ConfirmDialog
        isOpen={dialog === "delete"}
        onOpenChange={close}
        title={`Delete ${info.name}?`}
        description="It can no longer be found or loaded. The run that logged it stays."
        confirmLabel="Delete"
        isDangerous
        onConfirm={remove}
      />
    </div>
  );
}
