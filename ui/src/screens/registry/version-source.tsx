import { useQuery } from "@tanstack/react-query";
import { artifactTextQuery } from "../../api/artifacts.ts";
import type { ModelVersion } from "../../api/model-versions.ts";
import { runQuery } from "../../api/runs.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { KeyValues } from "../../parts/key-values.tsx";
import { Skeleton } from "../../parts/states.tsx";
import { Dash } from "../../parts/values.tsx";
import { type MlmodelColumn, parseMlmodel } from "./mlmodel.ts";
import { filesHref, sourceModelId } from "./model-source.ts";
import { runHref, Section } from "./registry-parts.tsx";

/** The source of a version: the run, the logged model, the files. */
export function Lineage({ version }: { version: ModelVersion }) {
  const runId = version.run_id ?? "";
  const run = useQuery({ ...runQuery(runId), enabled: runId !== "" });
  const modelId = sourceModelId(version.source);
  const runPage = run.data && runHref(runId, run.data.info.experiment_id);
  const files = filesHref(
    version.source,
    run.data && runPage !== undefined ? { artifactUri: run.data.info.artifact_uri, href: runPage } : undefined,
  );
  return (
    <Section title="Source">
      <KeyValues
        label="Source"
        rows={[
          {
            name: "Run",
            value:
              runId === "" ? (
                <Dash />
              ) : run.data ? (
                <a href={runPage}>{run.data.info.run_name || runId}</a>
              ) : run.isError ? (
                <span title={runId}>{runId.slice(0, 8)} (could not be loaded)</span>
              ) : (
                <Skeleton className="my-1 w-32" />
              ),
          },
          {
            name: "Logged model",
            value: modelId === undefined ? <Dash /> : <a href={`#/logged-models/${modelId}`}>{modelId}</a>,
          },
          {
            name: "Files",
            value: (
              <span className="flex items-start gap-1">
                {files === undefined ? (
                  <span className="min-w-0 font-mono text-sm wrap-anywhere">{version.source}</span>
                ) : (
                  <a href={files} className="min-w-0 font-mono text-sm wrap-anywhere">
                    {version.source}
                  </a>
                )}
                <CopyButton text={version.source} label="Copy the address of the files" className="-my-1" />
              </span>
            ),
          },
        ]}
      />
    </Section>
  );
}

/** The inputs, outputs and parameters in the MLmodel file. */
export function Signature({ version: { name, version } }: { version: ModelVersion }) {
  const file = useQuery(artifactTextQuery({ kind: "model-version", name, version }, "MLmodel"));
  const model = file.data === undefined ? undefined : parseMlmodel(file.data);
  const hasNone =
    model !== undefined && [model.inputs, model.outputs, model.params].every(({ length }) => length === 0);
  return (
    <Section title="Signature">
      {model && model.flavors.length > 0 && <p className="text-ink-muted">Flavors: {model.flavors.join(", ")}</p>}
      {file.isPending && <Skeleton className="w-48" />}
      {file.isError && <p className="text-ink-muted">It has no MLmodel file that could be read.</p>}
      {hasNone && <p className="text-ink-muted">It was logged without a signature.</p>}
      {model && <Columns title="Inputs" columns={model.inputs} />}
      {model && <Columns title="Outputs" columns={model.outputs} />}
      {model && <Columns title="Parameters" columns={model.params} />}
    </Section>
  );
}

function Columns({ title, columns }: { title: string; columns: readonly MlmodelColumn[] }) {
  if (columns.length === 0) return null;
  return (
    <div>
      <h3 className="text-ink-muted text-sm">{title}</h3>
      <KeyValues
        label={title}
        rows={columns.map(({ name, type, isOptional }) => ({
          name,
          value: (
            <span className="font-mono text-sm">
              {type}
              {isOptional && <span className="text-ink-muted"> optional</span>}
            </span>
          ),
        }))}
      />
    </div>
  );
}
