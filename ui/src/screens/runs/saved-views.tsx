import { useQueries } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Bookmark } from "lucide-react";
import { useState } from "react";
import { deleteExperimentTag, experimentQuery, setExperimentTag } from "../../api/experiments.ts";
import { MAX_ASKED_THINGS } from "../../api/grants.ts";
import { useChange } from "../../api/query-client.ts";
import { Button, ButtonWords } from "../../parts/button.tsx";
import { FormDialog } from "../../parts/dialog.tsx";
import { formatCount } from "../../parts/format.ts";
import { Menu, type MenuEntry } from "../../parts/menu.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { useRights } from "../access/rights.ts";
import {
  DEFAULT_VIEW_TAG,
  defaultViewOf,
  keyFor,
  MAX_VIEW_LENGTH,
  type SavedView,
  viewsOf,
  writeDefaultView,
  writeView,
} from "./view-tags.ts";

/** The named views of the table. Each is a tag of its experiments, so everyone who sees the experiments sees the view. */
export function SavedViews({ experimentIds }: { experimentIds: readonly string[] }) {
  const search = useSearch({ from: "/experiments/$ids" });
  const navigate = useNavigate();
  const experiments = useQueries({ queries: experimentIds.map((id) => experimentQuery(id)) });
  const { mayEdit } = useRights({ type: "experiment", ids: experimentIds });
  const [isNaming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const views = viewsOf(experiments.flatMap(({ data }) => data ?? []));
  const store = useChange(
    (view: SavedView) =>
      forEach(view.experimentIds, (experiment_id) =>
        setExperimentTag({ experiment_id, key: view.key, value: writeView(view) }),
      ),
    ["experiments"],
  );
  const remove = useChange(
    ({ key, experimentIds: ids }: SavedView) =>
      forEach(ids, (experiment_id) => deleteExperimentTag({ experiment_id, key })),
    ["experiments"],
  );

  const experiment = experimentIds.length === 1 ? experiments[0]?.data : undefined;
  const ofExperiment = defaultViewOf(experiment);
  const setDefault = useChange(
    (value: string | undefined): Promise<object> => {
      const tag = { experiment_id: experimentIds[0]!, key: DEFAULT_VIEW_TAG };
      return value === undefined ? deleteExperimentTag(tag) : setExperimentTag({ ...tag, value });
    },
    ["experiments"],
  );
  // Some views belong to other experiments too. Anyone may have written the tags, so there may be any number of ids.
  const others = [...new Set(views.flatMap((one) => one.experimentIds))].filter((id) => !experimentIds.includes(id));
  const asked = others.slice(0, MAX_ASKED_THINGS);
  const ofOthers = useRights({ type: "experiment", ids: asked });
  const changeable = [...experimentIds, ...(ofOthers.mayEdit ? asked : [])];
  const removable = views.filter((one) => one.experimentIds.every((id) => changeable.includes(id)));
  const label = name.trim();
  const here = views.filter((view) => view.experimentIds.join() === experimentIds.join());
  const view = { name: label, experimentIds, search };
  const excess = writeView(view).length - MAX_VIEW_LENGTH;
  const isKnown = here.some((one) => one.name === label);
  const save = async (): Promise<void> => {
    await store.mutateAsync({ ...view, key: keyFor(here, label) });
    say(`Saved the view ${label}.`);
  };
  const removeView = (of: SavedView): void => {
    remove.mutate(of, {
      onSuccess: () => say(`Removed the view ${of.name}.`, { label: "Undo", onSelect: () => store.mutate(of) }),
      onError: (error) => sayFailed("The view could not be removed.", error),
    });
  };
  const copyLink = (): void => {
    navigator.clipboard.writeText(location.href).then(
      () => say("Copied the link: whoever opens it sees what you see."),
      (error: unknown) => sayFailed("The link could not be copied.", error),
    );
  };
  const labelOf = ({ name: text, experimentIds: ids }: SavedView): string =>
    ids.join() === experimentIds.join()
      ? text
      : `${text} (${ids.length === 1 ? "1 experiment" : `${ids.length} experiments`})`;
  const entries: MenuEntry[] = [
    ...views.map((one) => ({
      label: labelOf(one),
      onSelect: () =>
        void navigate({
          to: "/experiments/$ids",
          params: { ids: one.experimentIds.join(",") },
          search: one.search,
        }),
    })),
    ...(views.length > 0 ? [null] : []),
    ...(mayEdit
      ? [
          {
            label: "Save this view…",
            onSelect: () => {
              setName("");
              setNaming(true);
            },
          },
        ]
      : []),
    { label: "Copy a link to this view", onSelect: copyLink },
    {
      label: "Reset the view",
      onSelect: () =>
        void navigate({
          to: "/experiments/$ids",
          params: { ids: experimentIds.join(",") },
          search: ofExperiment ?? {},
        }),
    },
    ...(experiment === undefined || !mayEdit
      ? []
      : [
          {
            label: "Make this view the experiment's default",
            isDisabled: writeDefaultView(search).length > MAX_VIEW_LENGTH,
            onSelect: () =>
              setDefault.mutate(writeDefaultView(search), {
                onSuccess: () => say("Whoever opens the experiment sees this view first."),
                onError: (error) => sayFailed("The default could not be kept.", error),
              }),
          },
          ...(ofExperiment === undefined
            ? []
            : [
                {
                  label: "Forget the experiment's default",
                  onSelect: () =>
                    setDefault.mutate(undefined, {
                      onSuccess: () => say("The experiment has no default view any more."),
                      onError: (error) => sayFailed("The default could not be taken away.", error),
                    }),
                },
              ]),
        ]),
    ...(mayEdit && removable.length > 0
      ? [
          {
            label: "Remove",
            entries: removable.map((one) => ({ label: labelOf(one), onSelect: () => removeView(one) })),
          },
        ]
      : []),
  ];
  return (
    <>
      <Menu
        trigger={
          <Button icon={<Bookmark size={14} aria-hidden />}>
            <ButtonWords>Views</ButtonWords>
          </Button>
        }
        entries={entries}
        align="end"
      />
      <FormDialog
        isOpen={isNaming}
        onOpenChange={setNaming}
        title="Save this view"
        description={`Filter, columns, order, groups and charts are kept with the ${
          experimentIds.length === 1
            ? "experiment, for everyone who can see it"
            : "experiments, for everyone who can see one of them"
        }.`}
        submitLabel={isKnown ? "Replace" : "Save"}
        canSubmit={label !== "" && excess <= 0}
        onSubmit={save}
      >
        <TextField
          label="Name"
          value={name}
          onValueChange={setName}
          autoFocus
          maxLength={100}
          hint={isKnown ? "There is a view of this name: it is replaced." : undefined}
          error={
            excess > 0
              ? `The view is ${formatCount(excess)} characters too long to be kept: show hidden runs or close groups first.`
              : undefined
          }
        />
      </FormDialog>
    </>
  );
}

async function forEach(ids: readonly string[], change: (id: string) => Promise<object>): Promise<void> {
  for (const id of ids) await change(id);
}
