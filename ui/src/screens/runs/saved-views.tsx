import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Bookmark } from "lucide-react";
import { useState } from "react";
import { experimentQuery, setExperimentTag } from "../../api/experiments.ts";
import { useChange } from "../../api/query-client.ts";
import { valueFor } from "../../api/wire.ts";
import { Button } from "../../parts/button.tsx";
import { FormDialog } from "../../parts/dialog.tsx";
import { Menu, type MenuEntry } from "../../parts/menu.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { runsSearch } from "./search.ts";

/** The experiment's tag with its saved views: `{"name": {…search of the address}}`. Everyone who sees it sees them. */
const VIEWS_TAG = "trackflare.views";

type Views = Record<string, unknown>;

function viewsOf(text: string | undefined): Views {
  try {
    const parsed: unknown = JSON.parse(text ?? "{}");
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? (parsed as Views) : {};
  } catch {
    return {};
  }
}

/** Views of the table with a name, kept with the experiment. */
export function SavedViews({ experimentId }: { experimentId: string }) {
  const search = useSearch({ from: "/experiments/$ids" });
  const navigate = useNavigate({ from: "/experiments/$ids" });
  const experiment = useQuery(experimentQuery(experimentId));
  const change = useChange(setExperimentTag, ["experiments"]);
  const [isNaming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const views = viewsOf(valueFor(experiment.data?.tags, VIEWS_TAG));
  const store = (next: Views): Promise<object> =>
    change.mutateAsync({ experiment_id: experimentId, key: VIEWS_TAG, value: JSON.stringify(next) });
  const save = async (): Promise<void> => {
    await store({ ...views, [name.trim()]: search });
    say(`Saved the view ${name.trim()}.`);
  };
  const remove = async (view: string): Promise<void> => {
    const { [view]: _, ...others } = views;
    await store(others).then(
      () => say(`Removed the view ${view}.`),
      (error: unknown) => sayFailed("The view could not be removed.", error),
    );
  };
  const names = Object.keys(views).sort();
  const entries: MenuEntry[] = [
    ...names.map((view) => ({
      label: view,
      onSelect: () => void navigate({ search: runsSearch.parse(views[view]) }),
    })),
    ...(names.length > 0 ? [null] : []),
    {
      label: "Save this view…",
      onSelect: () => {
        setName("");
        setNaming(true);
      },
    },
    { label: "Reset the view", onSelect: () => void navigate({ search: {} }) },
    ...(names.length > 0
      ? [{ label: "Remove", entries: names.map((view) => ({ label: view, onSelect: () => void remove(view) })) }]
      : []),
  ];
  return (
    <>
      <Menu trigger={<Button icon={<Bookmark size={14} aria-hidden />}>Views</Button>} entries={entries} align="end" />
      <FormDialog
        isOpen={isNaming}
        onOpenChange={setNaming}
        title="Save this view"
        description="Filter, columns, order, groups and charts are kept with the experiment, for everyone who can see it."
        submitLabel="Save"
        canSubmit={name.trim() !== ""}
        onSubmit={save}
      >
        <TextField label="Name" value={name} onValueChange={setName} autoFocus maxLength={100} />
      </FormDialog>
    </>
  );
}
