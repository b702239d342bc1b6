import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useRef, useState } from "react";
import { type RegisteredModel, searchRegisteredModels } from "../../api/registered-models.ts";
import { Button } from "../../parts/button.tsx";
import { CodeLines } from "../../parts/code-lines.tsx";
import { formatCount } from "../../parts/format.ts";
import { type GridColumn, RowGrid } from "../../parts/row-grid.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { Time } from "../../parts/values.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { modelFilter } from "../registry/registry-filter.ts";
import { About, AliasBadges } from "../registry/registry-parts.tsx";
import { PromptDialog } from "./prompt-dialog.tsx";
import { ONLY_PROMPTS } from "./prompts.ts";

const PAGE = 200;

const COLUMNS: GridColumn<RegisteredModel>[] = [
  {
    id: "name",
    header: "Name",
    track: "minmax(120px,2fr)",
    cell: ({ name }, tabIndex) => (
      <a
        href={`#/prompts/${encodeURIComponent(name)}`}
        tabIndex={tabIndex}
        title={name}
        className="truncate rounded-sm"
      >
        {name}
      </a>
    ),
  },
  {
    id: "aliases",
    header: "Aliases",
    track: "minmax(88px,1fr)",
    isWideOnly: true,
    cell: ({ aliases }) => <AliasBadges aliases={aliases?.map(({ alias }) => alias)} />,
  },
  {
    id: "about",
    header: "Description and tags",
    track: "minmax(120px,3fr)",
    isWideOnly: true,
    cell: ({ description, tags }) => <About description={description} tags={tags} />,
  },
  {
    id: "updated",
    header: "Changed",
    track: "88px",
    isAtEnd: true,
    cell: (prompt) => <Time timeMs={prompt.last_updated_timestamp} />,
  },
];

/** The list of prompts. MLflow's search of models leaves prompts out unless a filter names them. */
export function PromptsScreen() {
  const search = useSearch({ from: "/prompts" });
  const navigate = useNavigate({ from: "/prompts" });
  const { q = "" } = search;
  const [text, setText] = useAddressText(search.q, (next) => {
    void navigate({ search: (before) => ({ ...before, q: next }), replace: true });
  });
  const filter = [modelFilter(q), ONLY_PROMPTS].filter(Boolean).join(" AND ");
  const pages = useInfiniteQuery({
    queryKey: ["registered-models", "prompts", filter],
    queryFn: ({ pageParam, signal }) =>
      searchRegisteredModels({ filter, max_results: PAGE, ...(pageParam !== "" && { page_token: pageParam }) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token || undefined,
    placeholderData: (previous) => previous,
  });
  const [isCreating, setCreating] = useState(false);
  const searchBox = useRef<HTMLInputElement>(null);
  useBreadcrumbs([{ label: "Prompts" }]);
  useCommands([
    { id: "prompts.create", label: "New prompt", group: "Prompts", keys: "c", run: () => setCreating(true) },
    {
      id: "prompts.search",
      label: "Search in the list",
      group: "Prompts",
      keys: "/",
      run: () => searchBox.current?.focus(),
    },
  ]);
  const rows = pages.data?.pages.flatMap((page) => page.registered_models ?? []);
  const open = (name: string): void => void navigate({ to: "/prompts/$name", params: { name } });
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-2 px-3 py-2 wide:px-4">
        <h1 className="sr-only">Prompts</h1>
        <SearchField
          ref={searchBox}
          label="Name, or tags.team = 'red'"
          value={text}
          onValueChange={setText}
          className="min-w-0 flex-1 basis-full wide:max-w-[360px] wide:basis-auto"
        />
        <span role="status" className="text-ink-muted">
          {rows !== undefined &&
            `${formatCount(rows.length)}${pages.hasNextPage ? "+" : ""} ${rows.length === 1 ? "prompt" : "prompts"}`}
        </span>
        <Button
          kind="primary"
          icon={<Plus size={14} aria-hidden />}
          className="ml-auto"
          onClick={() => setCreating(true)}
        >
          New prompt
        </Button>
      </header>
      {pages.error !== null && rows === undefined ? (
        <ErrorState title="The prompts could not be loaded" error={pages.error} onRetry={() => void pages.refetch()}>
          {q !== "" && <Button onClick={() => setText("")}>Empty the search</Button>}
        </ErrorState>
      ) : rows === undefined ? (
        <SkeletonRows rows={14} />
      ) : rows.length > 0 ? (
        <RowGrid
          label="Prompts"
          rows={rows}
          idOf={({ name }) => name}
          columns={COLUMNS}
          onOpen={({ name }) => open(name)}
          onEndNear={() => pages.hasNextPage && !pages.isFetchingNextPage && void pages.fetchNextPage()}
        />
      ) : q !== "" ? (
        <EmptyState title="No prompt matches" actions={<Button onClick={() => setText("")}>Empty the search</Button>} />
      ) : (
        <EmptyState title="No prompts">
          <p className="mb-3">Write one here, or by Python:</p>
          <CodeLines
            text={'mlflow.genai.register_prompt(name="summary", template="Summarise {{text}}")'}
            label="Copy the line"
          />
        </EmptyState>
      )}
      {isCreating && <PromptDialog onClose={() => setCreating(false)} onWritten={open} />}
    </div>
  );
}
