import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../api/query-client.ts";
import { createRegisteredModel, type RegisteredModel, searchRegisteredModels } from "../../api/registered-models.ts";
import { Button } from "../../parts/button.tsx";
import { CodeLines } from "../../parts/code-lines.tsx";
import { FormDialog } from "../../parts/dialog.tsx";
import type { GridColumn } from "../../parts/row-grid.tsx";
import { EmptyState } from "../../parts/states.tsx";
import { TextArea, TextField } from "../../parts/text-field.tsx";
import { Dash, Time } from "../../parts/values.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { serverUri } from "../../shell/connect-lines.ts";
import { modelFilter } from "./registry-filter.ts";
import { About, AliasBadges, modelHref, StageBadge, versionHref } from "./registry-parts.tsx";
import { SearchList, useSearchPages } from "./search-list.tsx";

const ORDERS = { name: "name", updated: "last_updated_timestamp" } as const;

const COLUMNS: GridColumn<RegisteredModel>[] = [
  {
    id: "name",
    header: "Name",
    track: "minmax(120px,2fr)",
    isSortable: true,
    cell: (model, tabIndex) => (
      <a href={modelHref(model.name)} tabIndex={tabIndex} title={model.name} className="truncate rounded-sm">
        {model.name}
      </a>
    ),
  },
  {
    id: "latest",
    header: "Latest",
    track: "56px",
    cell: (model, tabIndex) => {
      const latest = latestVersion(model);
      if (latest === undefined) return <Dash />;
      return (
        <a href={versionHref(model.name, latest)} tabIndex={tabIndex} className="rounded-sm">
          v{latest}
        </a>
      );
    },
  },
  {
    id: "aliases",
    header: "Aliases",
    track: "minmax(88px,1fr)",
    isWideOnly: true,
    cell: (model) => <AliasBadges aliases={model.aliases?.map(({ alias }) => alias)} />,
  },
  {
    id: "stages",
    header: "Stages",
    track: "minmax(96px,216px)",
    isWideOnly: true,
    cell: (model) => {
      const staged = (model.latest_versions ?? []).filter(({ current_stage }) => /^[SP]/.test(current_stage));
      if (staged.length === 0) return <Dash />;
      return staged.map((version) => (
        <span key={version.version} className="flex items-center gap-1">
          <StageBadge stage={version.current_stage} />
          <span className="text-ink-muted">v{version.version}</span>
        </span>
      ));
    },
  },
  {
    id: "about",
    header: "Description and tags",
    track: "minmax(120px,3fr)",
    isWideOnly: true,
    cell: (model) => <About description={model.description} tags={model.tags} />,
  },
  {
    id: "updated",
    header: "Changed",
    track: "88px",
    isAtEnd: true,
    isSortable: true,
    cell: (model) => <Time timeMs={model.last_updated_timestamp} />,
  },
];

/** Of the latest of each stage, the newest. */
function latestVersion(model: RegisteredModel): string | undefined {
  const numbers = (model.latest_versions ?? []).map(({ version }) => Number(version));
  return numbers.length === 0 ? undefined : String(Math.max(...numbers));
}

/** The list of registered models. MLflow's search leaves prompts out by itself. */
export function ModelsScreen() {
  const search = useSearch({ from: "/models" });
  const navigate = useNavigate({ from: "/models" });
  const { q = "", sort = "name" } = search;
  const [text, setText] = useAddressText(search.q, (next) => {
    void navigate({ search: (before) => ({ ...before, q: next }), replace: true });
  });
  const isDescending = sort.startsWith("-");
  const column = sort.endsWith("updated") ? "updated" : "name";
  const filter = modelFilter(q);
  const order_by = [`${ORDERS[column]} ${isDescending ? "DESC" : "ASC"}`];
  const found = useSearchPages({
    queryKey: ["registered-models", "list", filter, order_by],
    perPage: 200,
    read: (page, signal) => searchRegisteredModels({ filter, order_by, ...page }, signal),
    rowsOf: ({ registered_models }) => registered_models,
  });
  const [isCreating, setCreating] = useState(false);
  useBreadcrumbs([{ label: "Registered models" }]);
  useCommands([
    { id: "models.create", label: "New model", group: "Registered models", keys: "c", run: () => setCreating(true) },
  ]);
  const sortBy = (id: string): void => {
    const [first, other] = id === "name" ? (["name", "-name"] as const) : (["-updated", "updated"] as const);
    void navigate({ search: (before) => ({ ...before, sort: sort === first ? other : first }), replace: true });
  };
  const open = (name: string): void => void navigate({ to: "/models/$name", params: { name } });
  return (
    <>
      <SearchList
        id="models"
        title="Registered models"
        label="Registered models"
        words={["model", "models"]}
        hint="Name, or tags.team = 'red'"
        {...{ text, setText, found }}
        isSearch={q !== ""}
        action={
          <Button kind="primary" icon={<Plus size={14} aria-hidden />} onClick={() => setCreating(true)}>
            New model
          </Button>
        }
        idOf={({ name }) => name}
        columns={COLUMNS}
        sort={{ by: column, isDescending }}
        onSort={sortBy}
        onOpen={({ name }) => open(name)}
        empty={<NoModels />}
      />
      {isCreating && <CreateDialog onOpenChange={setCreating} onCreated={open} />}
    </>
  );
}

function NoModels() {
  const lines = `mlflow.set_tracking_uri("${serverUri().replace(/\/$/, "")}")
mlflow.register_model(f"runs:/{run_id}/model", "my-model")`;
  return (
    <EmptyState title="No registered models">
      <p className="mb-3">Register one from a run's page or its files, or by Python:</p>
      <CodeLines text={lines} label="Copy the lines" />
    </EmptyState>
  );
}

interface CreateProps {
  onOpenChange: (isOpen: boolean) => void;
  onCreated: (name: string) => void;
}

function CreateDialog({ onOpenChange, onCreated }: CreateProps) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useChange(createRegisteredModel, ["registered-models"]);
  const submit = async (): Promise<void> => {
    await create.mutateAsync({ name, ...(description !== "" && { description }) });
    onCreated(name);
  };
  return (
    <FormDialog
      isOpen
      onOpenChange={onOpenChange}
      title="New model"
      submitLabel="Create"
      onSubmit={submit}
      canSubmit={name.trim() !== ""}
    >
      <TextField label="Name" value={name} onValueChange={setName} required autoFocus />
      <TextArea label="Description" hint="In markdown." value={description} onValueChange={setDescription} />
    </FormDialog>
  );
}
