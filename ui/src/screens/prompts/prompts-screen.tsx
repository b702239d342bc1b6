import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { type RegisteredModel, searchRegisteredModels } from "../../api/registered-models.ts";
import { Button } from "../../parts/button.tsx";
import { CodeLines } from "../../parts/code-lines.tsx";
import type { GridColumn } from "../../parts/row-grid.tsx";
import { EmptyState } from "../../parts/states.tsx";
import { Time } from "../../parts/values.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { modelFilter } from "../registry/registry-filter.ts";
import { About, AliasBadges } from "../registry/registry-parts.tsx";
import { SearchList, useSearchPages } from "../registry/search-list.tsx";
import { PromptDialog } from "./prompt-dialog.tsx";
import { ONLY_PROMPTS } from "./prompts.ts";

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
  const found = useSearchPages({
    queryKey: ["registered-models", "prompts", filter],
    perPage: 200,
    read: (page, signal) => searchRegisteredModels({ filter, ...page }, signal),
    rowsOf: ({ registered_models }) => registered_models,
  });
  const [isCreating, setCreating] = useState(false);
  useBreadcrumbs([{ label: "Prompts" }]);
  useCommands([
    { id: "prompts.create", label: "New prompt", group: "Prompts", keys: "c", run: () => setCreating(true) },
  ]);
  const open = (name: string): void => void navigate({ to: "/prompts/$name", params: { name } });
  return (
    <>
      <SearchList
        id="prompts"
        title="Prompts"
        label="Prompts"
        words={["prompt", "prompts"]}
        hint="Name, or tags.team = 'red'"
        {...{ text, setText, found }}
        isSearch={q !== ""}
        action={
          <Button kind="primary" icon={<Plus size={14} aria-hidden />} onClick={() => setCreating(true)}>
            New prompt
          </Button>
        }
        idOf={({ name }) => name}
        columns={COLUMNS}
        onOpen={({ name }) => open(name)}
        empty={
          <EmptyState title="No prompts">
            <p className="mb-3">Write one here, or by Python:</p>
            <CodeLines
              text={'mlflow.genai.register_prompt(name="summary", template="Summarise {{text}}")'}
              label="Copy the line"
            />
          </EmptyState>
        }
      />
      {isCreating && <PromptDialog onClose={() => setCreating(false)} onWritten={open} />}
    </>
  );
}
