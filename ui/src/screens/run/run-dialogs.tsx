import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { artifactListQuery } from "../../api/artifacts.ts";
import { ApiError } from "../../api/client.ts";
import { createModelVersion, type ModelVersion } from "../../api/model-versions.ts";
import { useChange } from "../../api/query-client.ts";
import { createRegisteredModel, registeredModelSearchQuery } from "../../api/registered-models.ts";
import { deleteRun, type Run, updateRun } from "../../api/runs.ts";
import { ConfirmDialog, FormDialog } from "../../parts/dialog.tsx";
import { Select } from "../../parts/select.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { say } from "../../parts/toast.tsx";

export type Doing = "rename" | "delete" | "register";

interface RunDialogProps {
  run: Run;
  onClose: () => void;
}

export default function RunDialogs({ doing, ...props }: RunDialogProps & { doing: Doing }) {
  if (doing === "rename") return <Rename {...props} />;
  if (doing === "delete") return <Delete {...props} />;
  return <Register {...props} />;
}

function Rename({ run, onClose }: RunDialogProps) {
  const [name, setName] = useState(run.info.run_name);
  const rename = useChange(updateRun, ["runs"]);
  return (
    <FormDialog
      isOpen
      onOpenChange={onClose}
      title="Rename the run"
      submitLabel="Rename"
      canSubmit={name.trim() !== ""}
      onSubmit={() => rename.mutateAsync({ run_id: run.info.run_id, run_name: name.trim() })}
    >
      <TextField label="Name" value={name} onValueChange={setName} autoFocus />
    </FormDialog>
  );
}

function Delete({ run, onClose }: RunDialogProps) {
  const remove = useChange(deleteRun, ["runs", "experiments", "keys"]);
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={onClose}
      title={`Delete the run ${run.info.run_name}?`}
      description="It leaves lists and searches. It can be restored from here, or from the deleted runs of its experiment."
      confirmLabel="Delete"
      isDangerous
      onConfirm={async () => {
        await remove.mutateAsync({ run_id: run.info.run_id });
        say("The run was deleted.");
      }}
    />
  );
}

interface RegisterInput {
  name: string;
  source: string;
  runId: string;
  modelId: string | undefined;
}

/** Makes the model if there is none of the name, then a version of it. */
async function register({ name, source, runId, modelId }: RegisterInput): Promise<ModelVersion> {
  try {
    await createRegisteredModel({ name });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "RESOURCE_ALREADY_EXISTS") throw error;
  }
  return createModelVersion({ name, source, run_id: runId, ...(modelId !== undefined && { model_id: modelId }) });
}

function Register({ run, onClose }: RunDialogProps) {
  const { run_id, artifact_uri } = run.info;
  const folders = useQuery(artifactListQuery({ kind: "run", runId: run_id }, ""));
  const known = useQuery(registeredModelSearchQuery({ max_results: 200 }));
  const models = (run.outputs?.model_outputs ?? []).map(({ model_id }) => model_id);
  const sources = [
    ...models.map((id) => ({ value: `models:/${id}`, label: `Logged model ${id}` })),
    ...(folders.data?.files ?? [])
      .filter((file) => file.is_dir)
      .map(({ path }) => ({ value: `${artifact_uri}/${path}`, label: `Folder ${path}` })),
  ];
  const [chosen, setSource] = useState<string>();
  const source = chosen ?? sources[0]?.value;
  const [name, setName] = useState("");
  const change = useChange(register, ["registered-models", "model-versions", "logged-models"]);
  const names = (known.data?.registered_models ?? []).map((model) => model.name);
  return (
    <FormDialog
      isOpen
      onOpenChange={onClose}
      title="Register a model"
      description={
        sources.length === 0 && !folders.isPending
          ? "The run has no logged model and no folder of artifacts: there is nothing to register yet."
          : "Makes a new version. A model of a new name is made along with it."
      }
      submitLabel="Register"
      canSubmit={name.trim() !== "" && source !== undefined}
      onSubmit={async () => {
        if (source === undefined) return;
        const modelId = models.find((id) => source === `models:/${id}`);
        const made = await change.mutateAsync({ name: name.trim(), source, runId: run_id, modelId });
        say(`Registered ${made.name} version ${made.version}.`);
      }}
    >
      {source !== undefined && (
        <Select label="What to register" value={source} onValueChange={setSource} options={sources} />
      )}
      <TextField
        label="Name of the model"
        value={name}
        onValueChange={setName}
        autoComplete="off"
        hint={names.includes(name.trim()) ? "A version is added to the model of this name." : undefined}
        list="known-models"
      />
      <datalist id="known-models">
        {names.map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
    </FormDialog>
  );
}
