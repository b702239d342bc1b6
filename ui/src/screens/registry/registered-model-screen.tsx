import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { modelVersionSearchQuery } from "../../api/model-versions.ts";
import { failureOf, useChange } from "../../api/query-client.ts";
import {
  deleteRegisteredModelTag,
  type RegisteredModel,
  registeredModelQuery,
  setRegisteredModelTag,
  updateRegisteredModel,
} from "../../api/registered-models.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Description } from "../../parts/description.tsx";
import { Menu } from "../../parts/menu.tsx";
import { RowGrid } from "../../parts/row-grid.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { TagEditor } from "../../parts/tag-editor.tsx";
import { Time } from "../../parts/values.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { AccessButton } from "../access/access-button.tsx";
import { useRights } from "../access/rights.ts";
import { DeleteDialog, RenameDialog } from "./model-dialogs.tsx";
import { quoted } from "./registry-filter.ts";
import { byVersion, Unreadable } from "./registry-parts.tsx";
import { versionColumns } from "./version-columns.tsx";

const CompareVersions = lazy(() => import("./compare-versions.tsx"));

/** More versions than a person looks through; the newest. */
const MAX_VERSIONS = 10_000;

export function RegisteredModelScreen() {
  const { name } = useParams({ from: "/models/$name" });
  const { versions: compared = [] } = useSearch({ from: "/models/$name" });
  const navigate = useNavigate({ from: "/models/$name" });
  const model = useQuery(registeredModelQuery(name));
  const rights = useRights({ type: "registered_model", ids: [name] });
  const found = useQuery(
    modelVersionSearchQuery({
      filter: `name = ${quoted(name)}`,
      order_by: ["version_number DESC"],
      max_results: MAX_VERSIONS,
    }),
  );
  const versions = useMemo(() => (found.data?.model_versions ?? []).toSorted(byVersion), [found.data]);
  const columns = useMemo(() => versionColumns(name), [name]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [dialog, setDialog] = useState<"rename" | "delete">();
  useBreadcrumbs([{ label: "Models", href: "#/models" }, { label: name }]);
  const compare = (): void => {
    const chosen = versions.map(({ version }) => version).filter((version) => selected.has(version));
    void navigate({ search: { versions: chosen } });
  };
  useCommands([
    {
      ...{ id: "model.rename", label: "Rename the model", group: "Model", isDisabled: !rights.mayManage },
      run: () => setDialog("rename"),
    },
    {
      ...{ id: "model.delete", label: "Delete the model", group: "Model", isDisabled: !rights.mayManage },
      run: () => setDialog("delete"),
    },
    {
      id: "model.compare",
      label: "Compare the selected versions",
      group: "Model",
      keys: "o",
      isDisabled: selected.size < 2,
      run: compare,
    },
  ]);
  const failure = failureOf(model);
  if (failure !== undefined) {
    return (
      <Unreadable
        what="model"
        error={failure}
        onRetry={() => void model.refetch()}
        href="#/models"
        goTo="Go to the registered models"
      />
    );
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex max-h-[45%] shrink-0 flex-col gap-2 overflow-y-auto px-3 py-3 wide:px-4">
        <div className="flex items-center gap-1">
          <h1 className="min-w-0 text-lg wrap-anywhere">{name}</h1>
          <CopyButton text={name} label="Copy the name" />
          <span className="ml-auto" />
          <AccessButton name={name} thing={{ resource_type: "registered_model", resource_id: name }} />
          {rights.mayManage && (
            <Menu
              align="end"
              trigger={<IconButton label="Actions of the model" icon={<Ellipsis size={16} aria-hidden />} />}
              entries={[
                { label: "Rename…", onSelect: () => setDialog("rename") },
                { label: "Delete…", isDangerous: true, onSelect: () => setDialog("delete") },
              ]}
            />
          )}
        </div>
        {model.data === undefined ? <SkeletonRows rows={1} /> : <About model={model.data} mayEdit={rights.mayEdit} />}
      </header>
      {compared.length >= 2 ? (
        <Suspense fallback={<SkeletonRows />}>
          <CompareVersions
            name={name}
            versions={versions.filter(({ version }) => compared.includes(version))}
            isLoading={found.isPending}
            onClose={() => void navigate({ search: {} })}
          />
        </Suspense>
      ) : (
        <>
          <div className="flex h-10 shrink-0 items-center gap-2 border-line border-t px-3 wide:px-4">
            <h2>Versions</h2>
            <span role="status" className="text-ink-muted">
              {selected.size > 0 ? `${selected.size} selected` : found.data && String(versions.length)}
            </span>
            {selected.size > 0 && (
              <span className="ml-auto flex gap-2">
                <Button kind="primary" disabled={selected.size < 2} onClick={compare}>
                  Compare
                </Button>
                <Button kind="quiet" onClick={() => setSelected(new Set())}>
                  Clear
                </Button>
              </span>
            )}
          </div>
          {found.error !== null && found.data === undefined ? (
            <ErrorState
              title="The versions could not be loaded"
              error={found.error}
              onRetry={() => void found.refetch()}
            />
          ) : found.data === undefined ? (
            <SkeletonRows />
          ) : versions.length === 0 ? (
            <EmptyState title="No versions">Register one from the page of a run.</EmptyState>
          ) : (
            <RowGrid
              label="Versions"
              rows={versions}
              idOf={({ version }) => version}
              columns={columns}
              selected={selected}
              onSelect={setSelected}
              onOpen={({ version }) =>
                void navigate({ to: "/models/$name/versions/$version", params: { name, version } })
              }
            />
          )}
        </>
      )}
      {dialog === "rename" && (
        <RenameDialog
          name={name}
          onClose={() => setDialog(undefined)}
          onRenamed={(next) => void navigate({ to: "/models/$name", params: { name: next }, replace: true })}
        />
      )}
      {dialog === "delete" && (
        <DeleteDialog
          name={name}
          versions={versions.length}
          onClose={() => setDialog(undefined)}
          onDeleted={() => void navigate({ to: "/models" })}
        />
      )}
    </div>
  );
}

function About({ model, mayEdit }: { model: RegisteredModel; mayEdit: boolean }) {
  const { name } = model;
  const update = useChange(updateRegisteredModel, ["registered-models"]);
  const setTag = useChange(setRegisteredModelTag, ["registered-models"]);
  const removeTag = useChange(deleteRegisteredModelTag, ["registered-models"]);
  return (
    <>
      <p className="text-ink-muted">
        Created <Time timeMs={model.creation_timestamp} />, changed <Time timeMs={model.last_updated_timestamp} />
      </p>
      <TagEditor
        tags={model.tags}
        {...(mayEdit && {
          onSet: (tag) => setTag.mutateAsync({ name, ...tag }),
          onRemove: (key) => removeTag.mutateAsync({ name, key }),
        })}
      />
      <Description
        text={model.description}
        {...(mayEdit && { onSave: (description) => update.mutateAsync({ name, description }) })}
      />
    </>
  );
}
