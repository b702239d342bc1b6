import { useQuery } from "@tanstack/react-query";
import { deleteLoggedModelTag, type LoggedModel, setLoggedModelTags } from "../../api/logged-models.ts";
import { modelVersionSearchQuery } from "../../api/model-versions.ts";
import { useChange } from "../../api/query-client.ts";
import { runQuery } from "../../api/runs.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { toDouble } from "../../api/wire.ts";
import { CodeLines } from "../../parts/code-lines.tsx";
import { KeyValues } from "../../parts/key-values.tsx";
import { TagEditor } from "../../parts/tag-editor.tsx";
import { Dash, Metric, Time } from "../../parts/values.tsx";
import { useRights } from "../access/rights.ts";
import { MODEL_STATUS } from "./logged-model-text.ts";
import { quoted } from "./registry-filter.ts";
import { runHref, Section, versionHref } from "./registry-parts.tsx";

/** The properties of a logged model. */
export function LoggedModelOverview({ model: { info, data } }: { model: LoggedModel }) {
  const { mayEdit, mayManage } = useRights({ type: "experiment", ids: [info.experiment_id], of: "logged_models" });
  const setTags = useChange(setLoggedModelTags, ["logged-models"]);
  const removeTag = useChange(deleteLoggedModelTag, ["logged-models"]);
  const { model_id } = info;
  const metrics = data.metrics ?? [];
  const params = data.params ?? [];
  return (
    <div className="grid gap-x-8 gap-y-5 p-3 wide:p-4 min-[960px]:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
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
              // A link shows no registered models.
              ...(IS_SHARED
                ? []
                : [{ name: "Versions", value: <Versions runId={info.source_run_id ?? ""} modelId={model_id} /> }]),
              {
                name: "Tags",
                isControl: true,
                value: (
                  <TagEditor
                    tags={info.tags}
                    {...(mayEdit && {
                      onSet: (tag) => setTags.mutateAsync({ model_id, tags: [tag] }),
                    })}
                    {...(mayManage && { onRemove: (key) => removeTag.mutateAsync({ model_id, key }) })}
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
        {!IS_SHARED && (
          <Section title="Load it">
            <CodeLines
              label="Copy the lines"
              text={`import mlflow\n\nmodel = mlflow.pyfunc.load_model(\n    "models:/${model_id}"\n)`}
            />
          </Section>
        )}
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

/** The registered versions of the model: versions of its run with the model as source. */
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
