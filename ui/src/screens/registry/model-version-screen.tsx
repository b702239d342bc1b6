import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { artifactTextQuery } from "../../api/artifacts.ts";
import {
  deleteModelVersion,
  deleteModelVersionTag,
  type ModelVersion,
  modelVersionQuery,
  STAGES,
  type Stage,
  setModelVersionTag,
  transitionStage,
  updateModelVersion,
} from "../../api/model-versions.ts";
import { failureOf, useChange } from "../../api/query-client.ts";
import { deleteAlias, registeredModelQuery, setAlias } from "../../api/registered-models.ts";
import { runQuery } from "../../api/runs.ts";
import { Tag } from "../../parts/badges.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { CodeLines } from "../../parts/code-lines.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Description } from "../../parts/description.tsx";
import { ConfirmDialog } from "../../parts/dialog.tsx";
import { KeyValues } from "../../parts/key-values.tsx";
import { Popover } from "../../parts/popover.tsx";
import { Select } from "../../parts/select.tsx";
import { Skeleton, SkeletonRows } from "../../parts/states.tsx";
import { TagEditor } from "../../parts/tag-editor.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { Checkbox } from "../../parts/toggles.tsx";
import { Dash, Time } from "../../parts/values.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { type MlmodelColumn, parseMlmodel } from "./mlmodel.ts";
import { filesHref, sourceModelId } from "./model-source.ts";
import { modelHref, runHref, Section, Unreadable } from "./registry-parts.tsx";

const STATUS_TEXT = { READY: "Ready", PENDING_REGISTRATION: "Being registered", FAILED_REGISTRATION: "Failed" };

export function ModelVersionScreen() {
  const { name, version: number } = useParams({ from: "/models/$name/versions/$version" });
  const navigate = useNavigate();
  const client = useQueryClient();
  const found = useQuery(modelVersionQuery(name, number));
  const [isDeleting, setDeleting] = useState(false);
  useBreadcrumbs([
    { label: "Models", href: "#/models" },
    { label: name, href: modelHref(name) },
    { label: `Version ${number}` },
  ]);
  useCommands([{ id: "version.delete", label: "Delete the version", group: "Version", run: () => setDeleting(true) }]);
  const failure = failureOf(found);
  if (failure !== undefined) {
    return (
      <Unreadable
        what="version"
        error={failure}
        onRetry={() => void found.refetch()}
        href={modelHref(name)}
        goTo="Go to the model"
      />
    );
  }
  const uri = `models:/${name}/${number}`;
  const remove = async (): Promise<void> => {
    await deleteModelVersion({ name, version: number });
    for (const entity of ["registered-models", "model-versions"]) {
      void client.invalidateQueries({ queryKey: [entity], refetchType: "none" });
    }
    say(`Deleted version ${number} of ${name}.`);
    void navigate({ to: "/models/$name", params: { name } });
  };
  return (
    <div className="flex flex-col gap-5 p-3 wide:p-4">
      <header className="flex items-center gap-1">
        <h1 className="min-w-0 text-lg wrap-anywhere">
          {name} <span className="text-ink-muted">version {number}</span>
        </h1>
        <CopyButton text={uri} label={`Copy ${uri.slice(0, 200)}`} />
        <IconButton
          label="Delete the version"
          icon={<Trash2 size={16} aria-hidden />}
          className="ml-auto"
          onClick={() => setDeleting(true)}
        />
      </header>
      {found.data === undefined ? <SkeletonRows rows={10} /> : <Version version={found.data} uri={uri} />}
      <ConfirmDialog
        isOpen={isDeleting}
        onOpenChange={setDeleting}
        title={`Delete version ${number}?`}
        description="It is gone for good, with its aliases. The files of its run stay."
        confirmLabel="Delete"
        isDangerous
        onConfirm={remove}
      />
    </div>
  );
}

function Version({ version, uri }: { version: ModelVersion; uri: string }) {
  const id = { name: version.name, version: version.version };
  const update = useChange(updateModelVersion, ["model-versions", "registered-models"]);
  const setTag = useChange(setModelVersionTag, ["model-versions", "registered-models"]);
  const removeTag = useChange(deleteModelVersionTag, ["model-versions", "registered-models"]);
  return (
    <div className="grid gap-x-8 gap-y-5 min-[960px]:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="flex min-w-0 flex-col gap-5">
        <Section title="Details">
          <KeyValues
            label="Details"
            rows={[
              { name: "Aliases", value: <Aliases version={version} />, isControl: true },
              { name: "Stage", value: <StagePicker version={version} />, isControl: true },
              { name: "Status", value: STATUS_TEXT[version.status] },
              { name: "Created", value: <Time timeMs={version.creation_timestamp} isExact /> },
              { name: "Changed", value: <Time timeMs={version.last_updated_timestamp} /> },
              {
                name: "Tags",
                isControl: true,
                value: (
                  <TagEditor
                    tags={version.tags}
                    onSet={(tag) => setTag.mutateAsync({ ...id, ...tag })}
                    onRemove={(key) => removeTag.mutateAsync({ ...id, key })}
                  />
                ),
              },
            ]}
          />
        </Section>
        <Section title="Description">
          <Description
            text={version.description}
            onSave={(description) => update.mutateAsync({ ...id, description })}
          />
        </Section>
        <Signature version={version} />
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        <Lineage version={version} />
        <Section title="Load it">
          <CodeLines
            label="Copy the lines"
            text={`import mlflow\n\nmodel = mlflow.pyfunc.load_model(${JSON.stringify(uri)})\npredictions = model.predict(data)`}
          />
        </Section>
      </div>
    </div>
  );
}

function Aliases({ version: { name, version, aliases = [] } }: { version: ModelVersion }) {
  const [isOpen, setOpen] = useState(false);
  const [alias, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const model = useQuery(registeredModelQuery(name));
  const set = useChange(setAlias, ["model-versions", "registered-models"]);
  const remove = useChange(deleteAlias, ["model-versions", "registered-models"]);
  const holder = model.data?.aliases?.find((held) => held.alias === alias.trim())?.version;
  const isMove = holder !== undefined && holder !== version;
  const save = (event: FormEvent): void => {
    event.preventDefault();
    set.mutateAsync({ name, alias: alias.trim(), version }).then(
      () => {
        setOpen(false);
        setText("");
      },
      (error: Error) => setProblem(error.message),
    );
  };
  return (
    <div className="flex flex-wrap items-center gap-1">
      {aliases.map((held) => (
        <Tag
          key={held}
          name={`@${held}`}
          onRemove={() =>
            void remove
              .mutateAsync({ name, alias: held })
              .catch((error: unknown) => sayFailed("The alias could not be removed.", error))
          }
        />
      ))}
      <Popover
        title="Set an alias"
        isOpen={isOpen}
        onOpenChange={(next) => {
          setProblem(undefined);
          setOpen(next);
        }}
        trigger={
          <Button
            kind="quiet"
            icon={<Plus size={14} aria-hidden />}
            className={classNames("h-6 text-ink-muted text-sm", aliases.length === 0 && "-ml-2.5")}
          >
            Add alias
          </Button>
        }
      >
        <form onSubmit={save} className="flex w-60 flex-col gap-2">
          <TextField
            label="Alias"
            hint={isMove ? `Moves here from version ${holder}.` : "Such as champion."}
            error={problem}
            value={alias}
            onValueChange={(next) => {
              setProblem(undefined);
              setText(next);
            }}
            required
          />
          <Button
            type="submit"
            kind="primary"
            isBusy={set.isPending}
            disabled={alias.trim() === ""}
            className="self-end"
          >
            {isMove ? "Move alias" : "Set alias"}
          </Button>
        </form>
      </Popover>
    </div>
  );
}

function StagePicker({ version: { name, version, current_stage } }: { version: ModelVersion }) {
  const [next, setNext] = useState<Stage>();
  const [isArchiving, setArchiving] = useState(false);
  const move = useChange(transitionStage, ["model-versions", "registered-models"]);
  const canArchive = next === "Staging" || next === "Production";
  return (
    <>
      <Select
        label="Stage"
        value={current_stage}
        onValueChange={(stage) => {
          setArchiving(false);
          if (stage !== current_stage) setNext(stage);
        }}
        options={STAGES.map((stage) => ({ value: stage, label: stage }))}
      />
      <ConfirmDialog
        isOpen={next !== undefined}
        onOpenChange={(isOpen) => !isOpen && setNext(undefined)}
        title={`Move version ${version} to ${next ?? ""}?`}
        description={
          canArchive ? (
            <Checkbox
              label={`Archive the versions that are in ${next} now`}
              isOn={isArchiving}
              onChange={setArchiving}
            />
          ) : (
            "Versions in other stages stay there."
          )
        }
        confirmLabel="Move"
        onConfirm={() =>
          move.mutateAsync({
            name,
            version,
            stage: next ?? current_stage,
            archive_existing_versions: canArchive && isArchiving,
          })
        }
      />
    </>
  );
}

/** Where it comes from: the run, the logged model, the files. */
function Lineage({ version }: { version: ModelVersion }) {
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

function Signature({ version: { name, version } }: { version: ModelVersion }) {
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
