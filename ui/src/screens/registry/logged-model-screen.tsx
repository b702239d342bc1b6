import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { artifactListQuery, artifactUrl } from "../../api/artifacts.ts";
import { experimentQuery } from "../../api/experiments.ts";
import {
  deleteLoggedModel,
  deleteLoggedModelTag,
  type LoggedModel,
  loggedModelQuery,
  setLoggedModelTags,
} from "../../api/logged-models.ts";
import { modelVersionSearchQuery } from "../../api/model-versions.ts";
import { useChange } from "../../api/query-client.ts";
import { runQuery } from "../../api/runs.ts";
import { toDouble } from "../../api/wire.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { CodeLines } from "../../parts/code-lines.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { ConfirmDialog } from "../../parts/dialog.tsx";
import { formatBytes } from "../../parts/format.ts";
import { KeyValues } from "../../parts/key-values.tsx";
import { ErrorState, Skeleton, SkeletonRows } from "../../parts/states.tsx";
import { TagEditor } from "../../parts/tag-editor.tsx";
import { say } from "../../parts/toast.tsx";
import { Dash, Metric, Time } from "../../parts/values.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { MODEL_STATUS } from "./logged-model-text.ts";
import { RegisterDialog } from "./register-dialog.tsx";
import { quoted } from "./registry-filter.ts";
import { runHref, Section, versionHref } from "./registry-parts.tsx";

export function LoggedModelScreen() {
  const { modelId = "" } = useParams({ strict: false });
  const navigate = useNavigate();
  const client = useQueryClient();
  const found = useQuery(loggedModelQuery(modelId));
  const info = found.data?.info;
  const experimentId = info?.experiment_id ?? "";
  const experiment = useQuery({ ...experimentQuery(experimentId), enabled: experimentId !== "" });
  const [isDeleting, setDeleting] = useState(false);
  const [isRegistering, setRegistering] = useState(false);
  useBreadcrumbs([
    { label: "Experiments", href: "#/experiments" },
    ...(info
      ? [
          { label: experiment.data?.name ?? `Experiment ${experimentId}`, href: `#/experiments/${experimentId}` },
          { label: "Logged models", href: `#/experiments/${experimentId}/models` },
        ]
      : []),
    { label: info?.name ?? modelId },
  ]);
  if (found.isError) {
    return (
      <ErrorState
        title="This logged model could not be loaded."
        error={found.error}
        onRetry={() => void found.refetch()}
      />
    );
  }
  const remove = async (): Promise<void> => {
    await deleteLoggedModel({ model_id: modelId });
    void client.invalidateQueries({ queryKey: ["logged-models"], refetchType: "none" });
    say(`Deleted ${info?.name ?? modelId}.`);
    void navigate({ to: "/experiments/$experimentId/models", params: { experimentId } });
  };
  return (
    <div className="flex flex-col gap-5 p-3 wide:p-4">
      <header className="flex min-h-7 items-center gap-1">
        <h1 className="min-w-0 text-lg wrap-anywhere">{info?.name ?? <Skeleton className="w-40" />}</h1>
        <CopyButton text={`models:/${modelId}`} label={`Copy models:/${modelId}`} />
        <span className="ml-auto" />
        {info?.source_run_id && <Button onClick={() => setRegistering(true)}>Register</Button>}
        <IconButton
          label="Delete the logged model"
          icon={<Trash2 size={16} aria-hidden />}
          onClick={() => setDeleting(true)}
        />
      </header>
      {found.data === undefined ? <SkeletonRows rows={10} /> : <Details model={found.data} />}
      {isRegistering && info?.source_run_id && (
        <RegisterDialog isOpen onOpenChange={setRegistering} runId={info.source_run_id} initialModelId={modelId} />
      )}
      <ConfirmDialog
        isOpen={isDeleting}
        onOpenChange={setDeleting}
        title={`Delete ${info?.name ?? "the model"}?`}
        description="It can no longer be found or loaded. The run that logged it stays."
        confirmLabel="Delete"
        isDangerous
        onConfirm={remove}
      />
    </div>
  );
}

function Details({ model: { info, data } }: { model: LoggedModel }) {
  const setTags = useChange(setLoggedModelTags, ["logged-models"]);
  const removeTag = useChange(deleteLoggedModelTag, ["logged-models"]);
  const { model_id } = info;
  const metrics = data.metrics ?? [];
  const params = data.params ?? [];
  return (
    <div className="grid gap-x-8 gap-y-5 min-[960px]:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="flex min-w-0 flex-col gap-5">
        <Section title="Details">
          <KeyValues
            label="Details"
            rows={[
              {
                name: "Status",
                value: [MODEL_STATUS[info.status], info.status_message].filter(Boolean).join(": "),
              },
              { name: "Id", value: <span className="font-mono text-sm">{model_id}</span> },
              { name: "Type", value: info.model_type || <Dash /> },
              { name: "Created", value: <Time timeMs={info.creation_timestamp_ms} isExact /> },
              { name: "Run", value: <SourceRun runId={info.source_run_id ?? ""} /> },
              { name: "Versions", value: <Versions runId={info.source_run_id ?? ""} modelId={model_id} /> },
              {
                name: "Tags",
                value: (
                  <TagEditor
                    tags={info.tags}
                    onSet={(tag) => setTags.mutateAsync({ model_id, tags: [tag] })}
                    onRemove={(key) => removeTag.mutateAsync({ model_id, key })}
                  />
                ),
              },
            ]}
          />
        </Section>
        <Section title={`Metrics (${metrics.length})`}>
          {metrics.length === 0 ? (
            <p className="text-ink-muted">None were logged for this model.</p>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a broad table scrolls, also by keys
            <section aria-label="Table of metrics" tabIndex={0} className="overflow-x-auto">
              <table className="w-full">
                <thead>
                  <tr className="text-left text-ink-muted text-sm">
                    <th className="pr-3 font-normal">Name</th>
                    <th className="pr-3 font-normal">Dataset</th>
                    <th className="pr-3 text-right font-normal">Step</th>
                    <th className="text-right font-normal">Value</th>
                  </tr>
                </thead>
                <tbody>
                  {metrics.map((metric) => (
                    <tr key={`${metric.key} ${metric.step} ${metric.run_id} ${metric.dataset_digest}`}>
                      <td className="border-line border-t py-1 pr-3 wrap-anywhere">{metric.key}</td>
                      <td className="border-line border-t py-1 pr-3 wrap-anywhere">
                        {metric.dataset_name || <Dash />}
                      </td>
                      <td className="border-line border-t py-1 pr-3 text-right">{metric.step}</td>
                      <td className="border-line border-t py-1 text-right">
                        <Metric value={toDouble(metric.value)} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          )}
        </Section>
        <Section title={`Parameters (${params.length})`}>
          {params.length === 0 ? (
            <p className="text-ink-muted">None were logged for this model.</p>
          ) : (
            <KeyValues label="Parameters" rows={params.map(({ key, value }) => ({ name: key, value }))} />
          )}
        </Section>
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        <Files modelId={model_id} />
        <Section title="Load it">
          <CodeLines
            label="Copy the lines"
            text={`import mlflow\n\nmodel = mlflow.pyfunc.load_model("models:/${model_id}")`}
          />
        </Section>
      </div>
    </div>
  );
}

function SourceRun({ runId }: { runId: string }) {
  const run = useQuery({ ...runQuery(runId), enabled: runId !== "" });
  if (runId === "") return <Dash />;
  if (run.data) return <a href={runHref(runId, run.data.info.experiment_id)}>{run.data.info.run_name}</a>;
  return <span title={runId}>{runId.slice(0, 8)}</span>;
}

/** Versions registered of it: those of its run whose source it is. */
function Versions({ runId, modelId }: { runId: string; modelId: string }) {
  const found = useQuery({
    ...modelVersionSearchQuery({ filter: `run_id = ${quoted(runId)}`, max_results: 200 }),
    enabled: runId !== "",
  });
  const versions = (found.data?.model_versions ?? []).filter(({ source }) => source.includes(modelId));
  if (versions.length === 0) return <Dash />;
  return (
    <span className="flex flex-wrap gap-x-3">
      {versions.map(({ name, version }) => (
        <a key={`${name}/${version}`} href={versionHref(name, version)}>
          {name} v{version}
        </a>
      ))}
    </span>
  );
}

function Files({ modelId }: { modelId: string }) {
  const [path, setPath] = useState("");
  const root = { kind: "logged-model", modelId } as const;
  const list = useQuery(artifactListQuery(root, path));
  const up = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  return (
    <Section title={path === "" ? "Files" : `Files: ${path}`}>
      {list.isError && <p className="text-danger">{list.error.message}</p>}
      {list.isPending && <Skeleton className="w-48" />}
      {list.data?.files.length === 0 && path === "" && <p className="text-ink-muted">It has no files.</p>}
      <ul className="flex flex-col">
        {path !== "" && (
          <li className="border-line border-b py-1">
            <button type="button" className="text-accent hover:underline" onClick={() => setPath(up)}>
              Up
            </button>
          </li>
        )}
        {(list.data?.files ?? []).map((file) => {
          const name = file.path.slice(file.path.lastIndexOf("/") + 1);
          return (
            <li key={file.path} className="flex gap-3 border-line border-b py-1">
              {file.is_dir ? (
                <button
                  type="button"
                  className="text-left text-accent wrap-anywhere hover:underline"
                  onClick={() => setPath(file.path)}
                >
                  {name}/
                </button>
              ) : (
                <>
                  <a href={artifactUrl(root, file.path)} download={name} className="min-w-0 flex-1 wrap-anywhere">
                    {name}
                  </a>
                  <span className="text-ink-muted">{formatBytes(file.file_size ?? 0)}</span>
                </>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
