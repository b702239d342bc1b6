import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useCallback, useRef, useState } from "react";
import { ApiError } from "../../api/client.ts";
import { useChange } from "../../api/query-client.ts";
import { createRegisteredModel, type RegisteredModel, searchRegisteredModels } from "../../api/registered-models.ts";
import { Button } from "../../parts/button.tsx";
import { CodeLines } from "../../parts/code-lines.tsx";
import { FormDialog } from "../../parts/dialog.tsx";
import { formatCount } from "../../parts/format.ts";
import { type GridColumn, RowGrid } from "../../parts/row-grid.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { SearchField, TextArea, TextField } from "../../parts/text-field.tsx";
import { Dash, Time } from "../../parts/values.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { serverUri } from "../../shell/connect-lines.ts";
import { modelFilter } from "./registry-filter.ts";
import { About, AliasBadges, modelHref, StageBadge, versionHref } from "./registry-parts.tsx";

const PAGE = 200;

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
  const pages = useInfiniteQuery({
    queryKey: ["registered-models", "list", filter, order_by],
    queryFn: ({ pageParam, signal }) =>
      searchRegisteredModels(
        { filter, order_by, max_results: PAGE, ...(pageParam !== "" && { page_token: pageParam }) },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token || undefined,
    placeholderData: (previous) => previous,
  });
  const [isCreating, setCreating] = useState(false);
  const searchBox = useRef<HTMLInputElement>(null);
  useBreadcrumbs([{ label: "Registered models" }]);
  useCommands([
    { id: "models.create", label: "New model", group: "Models", keys: "c", run: () => setCreating(true) },
    {
      id: "models.search",
      label: "Search in the list",
      group: "Models",
      keys: "/",
      run: () => searchBox.current?.focus(),
    },
  ]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const rows = pages.data?.pages.flatMap((page) => page.registered_models ?? []);
  const sortBy = (id: string): void => {
    const [first, other] = id === "name" ? (["name", "-name"] as const) : (["-updated", "updated"] as const);
    void navigate({ search: (before) => ({ ...before, sort: sort === first ? other : first }), replace: true });
  };
  const isMistake = q !== "" && pages.error instanceof ApiError && pages.error.status === 400;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-2 px-3 py-2 wide:px-4">
        <h1 className="sr-only">Registered models</h1>
        <SearchField
          ref={searchBox}
          label="Name, or tags.team = 'red'"
          value={text}
          onValueChange={setText}
          className="min-w-0 flex-1 basis-full wide:max-w-[360px] wide:basis-auto"
        />
        <span role="status" className="text-ink-muted">
          {rows !== undefined &&
            `${formatCount(rows.length)}${hasNextPage ? "+" : ""} ${rows.length === 1 ? "model" : "models"}`}
        </span>
        <Button
          kind="primary"
          icon={<Plus size={14} aria-hidden />}
          className="ml-auto"
          onClick={() => setCreating(true)}
        >
          New model
        </Button>
      </header>
      {pages.error !== null && rows === undefined ? (
        isMistake ? (
          <ErrorState title="The search could not be read" error={pages.error}>
            <Button onClick={() => setText("")}>Empty the search</Button>
          </ErrorState>
        ) : (
          <ErrorState title="The models could not be loaded" error={pages.error} onRetry={() => void pages.refetch()} />
        )
      ) : rows === undefined ? (
        <SkeletonRows rows={14} />
      ) : rows.length > 0 ? (
        <RowGrid
          label="Registered models"
          rows={rows}
          idOf={(model) => model.name}
          columns={COLUMNS}
          sort={{ by: column, isDescending }}
          onSort={sortBy}
          onOpen={(model) => void navigate({ to: "/models/$name", params: { name: model.name } })}
          onEndNear={loadMore}
        />
      ) : q !== "" ? (
        <EmptyState title="No model matches" actions={<Button onClick={() => setText("")}>Empty the search</Button>} />
      ) : (
        <NoModels />
      )}
      {isCreating && (
        <CreateDialog
          onOpenChange={setCreating}
          onCreated={(name) => void navigate({ to: "/models/$name", params: { name } })}
        />
      )}
    </div>
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
