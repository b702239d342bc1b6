import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import {
  deleteModelVersion,
  deleteModelVersionTag,
  type ModelVersion,
  modelVersionQuery,
  setModelVersionTag,
  updateModelVersion,
} from "../../api/model-versions.ts";
import { failureOf, useChange } from "../../api/query-client.ts";
import { IconButton } from "../../parts/button.tsx";
import { CodeLines } from "../../parts/code-lines.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Description } from "../../parts/description.tsx";
import { ConfirmDialog } from "../../parts/dialog.tsx";
import { KeyValues } from "../../parts/key-values.tsx";
import { SkeletonRows } from "../../parts/states.tsx";
import { TagEditor } from "../../parts/tag-editor.tsx";
import { say } from "../../parts/toast.tsx";
import { Time } from "../../parts/values.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { type Rights, useRights } from "../access/rights.ts";
import { modelHref, Section, Unreadable } from "./registry-parts.tsx";
import { Aliases, StagePicker } from "./version-marks.tsx";
import { Lineage, Signature } from "./version-source.tsx";

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
  const rights = useRights({ type: "registered_model", ids: [name] });
  useCommands([
    {
      ...{ id: "version.delete", label: "Delete the version", group: "Version", isDisabled: !rights.mayManage },
      run: () => setDeleting(true),
    },
  ]);
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
        {rights.mayManage && (
          <IconButton
            label="Delete the version"
            icon={<Trash2 size={16} aria-hidden />}
            className="ml-auto"
            onClick={() => setDeleting(true)}
          />
        )}
      </header>
      {found.data === undefined ? (
        <SkeletonRows rows={10} />
      ) : (
        <Version version={found.data} uri={uri} rights={rights} />
      )}
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

function Version({ version, uri, rights }: { version: ModelVersion; uri: string; rights: Rights }) {
  const { mayEdit, mayManage } = rights;
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
              { name: "Aliases", value: <Aliases version={version} rights={rights} />, isControl: true },
              {
                name: "Stage",
                value: mayEdit ? <StagePicker version={version} /> : version.current_stage,
                isControl: mayEdit,
              },
              { name: "Status", value: STATUS_TEXT[version.status] },
              { name: "Created", value: <Time timeMs={version.creation_timestamp} isExact /> },
              { name: "Changed", value: <Time timeMs={version.last_updated_timestamp} /> },
              {
                name: "Tags",
                isControl: true,
                value: (
                  <TagEditor
                    tags={version.tags}
                    {...(mayEdit && {
                      onSet: (tag) => setTag.mutateAsync({ ...id, ...tag }),
                    })}
                    {...(mayManage && { onRemove: (key) => removeTag.mutateAsync({ ...id, key }) })}
                  />
                ),
              },
            ]}
          />
        </Section>
        <Section title="Description">
          <Description
            text={version.description}
            {...(mayEdit && { onSave: (description) => update.mutateAsync({ ...id, description }) })}
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
