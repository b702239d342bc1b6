import { useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { artifactListQuery } from "../../api/artifacts.ts";
import { ApiError, deniedTo } from "../../api/client.ts";
import { loggedModelQuery } from "../../api/logged-models.ts";
import { createModelVersion } from "../../api/model-versions.ts";
import { useChange } from "../../api/query-client.ts";
import { createRegisteredModel, registeredModelSearchQuery } from "../../api/registered-models.ts";
import { runQuery } from "../../api/runs.ts";
import { FormDialog, type OverlayProps } from "../../parts/dialog.tsx";
import { Select } from "../../parts/select.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { say } from "../../parts/toast.tsx";
import { useRights } from "../access/rights.ts";
import { modelFilter } from "./registry-filter.ts";

export interface RegisterDialogProps extends OverlayProps {
  runId: string;
  /** The folder of the run's artifacts to register, if the reader has chosen one. */
  initialPath?: string;
  /** The logged model of the run that is to be registered, likewise. */
  initialModelId?: string;
}

interface Source {
  value: string;
  label: string;
  source: string;
  modelId?: string;
}

/** Makes a version of a new or an existing registered model from artifacts of a run. */
export function RegisterDialog({ isOpen, onOpenChange, runId, initialPath, initialModelId }: RegisterDialogProps) {
  const navigate = useNavigate();
  const sources = useSources(runId, initialPath);
  const [chosen, setChosen] = useState<string | undefined>(initialModelId);
  const [typedPath, setTypedPath] = useState("");
  const [name, setName] = useState("");
  const listId = useId();
  const known = useQuery(registeredModelSearchQuery({ filter: modelFilter(name), max_results: 20 }));
  const names = (known.data?.registered_models ?? []).map((model) => model.name);
  const register = useChange(registerVersion, ["registered-models", "model-versions", "runs", "logged-models"]);
  const run = useQuery(runQuery(runId));
  const typed: Source = {
    value: "path",
    label: "Another path",
    source: `${run.data?.info.artifact_uri ?? ""}/${typedPath.trim().replace(/^\/+|\/+$/g, "")}`,
  };
  const options = [...sources, typed];
  const source = options.find(({ value }) => value === chosen) ?? options[0] ?? typed;
  const isTyped = source.value === "path";
  const isNew = !names.includes(name.trim());
  const rights = useRights({ type: "registered_model", ids: isNew ? [] : [name.trim()] });
  const submit = async (): Promise<void> => {
    const version = await register.mutateAsync({
      isNew,
      name: name.trim(),
      source: source.source,
      run_id: runId,
      ...(source.modelId !== undefined && { model_id: source.modelId }),
    });
    say(`Registered version ${version.version} of ${version.name}.`, {
      label: "Open",
      onSelect: () =>
        void navigate({
          to: "/models/$name/versions/$version",
          params: { name: version.name, version: version.version },
        }),
    });
  };
  return (
    <FormDialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title="Register a model"
      submitLabel={isNew ? "Register" : "Register a new version"}
      onSubmit={submit}
      canSubmit={
        name.trim() !== "" && (!isTyped || typedPath.trim() !== "") && run.data !== undefined && rights.mayEdit
      }
    >
      <div className="flex flex-col gap-1">
        <span aria-hidden className="font-medium">
          What the run logged
        </span>
        <Select label="What the run logged" value={source.value} onValueChange={setChosen} options={options} />
      </div>
      {isTyped && (
        <TextField
          label="Path in the run's files"
          hint="The folder that holds the file MLmodel."
          value={typedPath}
          onValueChange={setTypedPath}
        />
      )}
      <TextField
        label="Model"
        hint={isNew ? "A new one, or the name of one that exists." : "It gets a new version."}
        error={rights.isKnown && !rights.mayEdit ? deniedTo("change this model") : undefined}
        value={name}
        onValueChange={setName}
        list={listId}
        autoComplete="off"
        required
      />
      <datalist id={listId}>
        {names.map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
    </FormDialog>
  );
}

/** The folder that was chosen, the run's logged models, and its folders that hold a model. */
function useSources(runId: string, initialPath: string | undefined): Source[] {
  const run = useQuery(runQuery(runId)).data;
  const modelIds = (run?.outputs?.model_outputs ?? []).map((output) => output.model_id);
  const models = useQueries({ queries: modelIds.map((modelId) => loggedModelQuery(modelId)) });
  const root = useQuery(artifactListQuery({ kind: "run", runId }, "")).data;
  const folders = (root?.files ?? []).filter((file) => file.is_dir).slice(0, 20);
  const lists = useQueries({ queries: folders.map(({ path }) => artifactListQuery({ kind: "run", runId }, path)) });
  const paths = folders
    .filter((_, index) => lists[index]?.data?.files.some((file) => file.path.endsWith("/MLmodel")))
    .map(({ path }) => path);
  const chosen = initialPath === undefined || initialPath === "" ? [] : [initialPath];
  const uri = run?.info.artifact_uri ?? "";
  const ofPath = (path: string): Source => ({ value: `path ${path}`, label: path, source: `${uri}/${path}` });
  return [
    ...chosen.map(ofPath),
    ...modelIds.map((modelId, index) => ({
      value: modelId,
      label: `${models[index]?.data?.info.name ?? "Model"} (${modelId.slice(0, 10)}…)`,
      source: `models:/${modelId}`,
      modelId,
    })),
    ...paths.filter((path) => path !== initialPath).map(ofPath),
  ];
}

/** Creates the model if no model has the name. Another client may have created it meanwhile. */
async function registerVersion({ isNew, ...version }: Parameters<typeof createModelVersion>[0] & { isNew: boolean }) {
  try {
    if (isNew) await createRegisteredModel({ name: version.name });
  } catch (error) {
    if (!(error instanceof ApiError && error.code === "RESOURCE_ALREADY_EXISTS")) throw error;
  }
  return createModelVersion(version);
}
