import { Ellipsis } from "lucide-react";
import type { TrashedThing, TrashKind } from "../../api/trash.ts";
import { IconButton } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import type { MenuEntry } from "../../parts/menu.tsx";
import type { GridColumn } from "../../parts/row-grid.tsx";
import { Dash, Time } from "../../parts/values.tsx";

/** The page of a thing in the trash. */
export function thingHref({ kind, id, experimentId }: TrashedThing): string {
  if (kind === "run") return `#/experiments/${experimentId}/runs/${id}`;
  if (kind === "logged_model") return `#/experiments/${experimentId}/models/${id}`;
  return `#/experiments/${id}?view=deleted`;
}

interface ColumnsInput {
  kind: TrashKind;
  /** Of experiments, by id. */
  names: ReadonlyMap<string, string>;
  onRestore: (thing: TrashedThing) => void;
  onPurge: (thing: TrashedThing) => void;
}

export function trashColumns({ kind, names, onRestore, onPurge }: ColumnsInput): GridColumn<TrashedThing>[] {
  const entries = (thing: TrashedThing): MenuEntry[] => {
    const open: MenuEntry = { label: "Open", href: thingHref(thing) };
    if (!thing.mayManage) return [open];
    return [
      open,
      { label: "Restore", onSelect: () => onRestore(thing) },
      null,
      {
        label: "Delete for good…",
        shortcut: "Del",
        isDangerous: true,
        isDisabled: thing.stays !== undefined,
        onSelect: () => onPurge(thing),
      },
    ];
  };
  const middle: GridColumn<TrashedThing>[] =
    kind === "experiment"
      ? [
          {
            id: "note",
            header: "Note",
            track: "minmax(80px,2fr)",
            isWideOnly: true,
            cell: ({ stays }) =>
              stays === undefined ? null : (
                <span className="truncate text-ink-muted" title={stays}>
                  Stays: {stays}
                </span>
              ),
          },
          {
            id: "runs",
            header: "Runs",
            track: "64px",
            isAtEnd: true,
            cell: ({ runs }) => formatCount(runs),
          },
          {
            id: "models",
            header: "Models",
            track: "64px",
            isAtEnd: true,
            isWideOnly: true,
            cell: ({ loggedModels }) => formatCount(loggedModels),
          },
        ]
      : [
          {
            id: "experiment",
            header: "Experiment",
            track: "minmax(80px,2fr)",
            cell: ({ experimentId }, tabIndex) => (
              <a href={`#/experiments/${experimentId}`} tabIndex={tabIndex} className="truncate rounded-sm">
                {names.get(experimentId) ?? experimentId}
              </a>
            ),
          },
        ];
  return [
    {
      id: "name",
      header: "Name",
      track: "minmax(96px,3fr)",
      cell: (thing, tabIndex) => (
        <a href={thingHref(thing)} tabIndex={tabIndex} title={thing.name} className="truncate rounded-sm">
          {thing.name || thing.id}
        </a>
      ),
    },
    {
      id: "id",
      header: "Id",
      track: "104px",
      isWideOnly: true,
      cell: ({ id }) => (
        <span title={id} className="truncate font-mono text-ink-muted text-sm">
          {id}
        </span>
      ),
    },
    ...middle,
    {
      id: "deleted",
      header: "Deleted",
      track: "88px",
      isAtEnd: true,
      cell: ({ deletedTime }) => (deletedTime === undefined ? <Dash /> : <Time timeMs={deletedTime} />),
    },
    {
      id: "actions",
      header: "Actions",
      isHeaderHidden: true,
      track: "28px",
      cell: (thing, tabIndex) => (
        <LazyMenu
          entries={() => entries(thing)}
          trigger={(onClick) => (
            <IconButton
              label={`Actions of ${(thing.name || thing.id).slice(0, 80)}`}
              icon={<Ellipsis size={16} aria-hidden />}
              tabIndex={tabIndex}
              className="h-6"
              {...(onClick && { onClick })}
            />
          )}
        />
      ),
    },
  ];
}
