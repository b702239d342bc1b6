import { Copy, Eye, EyeOff, GitCompare, Pencil, Pin, Tag, Trash2 } from "lucide-react";
import type { MenuEntry } from "../../parts/menu.tsx";
import { say } from "../../parts/toast.tsx";
import type { Rights } from "../access/rights.ts";
import type { Doing } from "./bulk-dialogs.tsx";
import type { RunRow } from "./run-rows.ts";
import type { RunsView } from "./use-runs-view.ts";

interface Around {
  view: RunsView;
  /** Ids of the selected runs. An action on one of them applies to all. */
  chosen: readonly string[];
  rights: Rights;
  onOpen: (row: RunRow) => void;
  onRename: (row: RunRow) => void;
  onDo: (doing: Doing) => void;
  onCompare: (ids: readonly string[]) => void;
}

const ICON_PX = 14;

/** The actions on a run of the table, or on all selected runs if the run is one of them. */
export function runMenu(row: RunRow, { view, chosen, rights, onOpen, onRename, onDo, onCompare }: Around): MenuEntry[] {
  const { pinned = [], charts = false, chartOff = [], view: stage } = view.search;
  const ids = chosen.includes(row.id) ? chosen : [row.id];
  const many = ids.length > 1 ? ` ${ids.length} runs` : "";
  const isOff = chartOff.includes(row.id);
  const compared = [...new Set([...chosen, row.id])];
  const change = (...entries: MenuEntry[]): MenuEntry[] => (rights.mayEdit ? entries : []);
  const manage = (...entries: MenuEntry[]): MenuEntry[] => (rights.mayManage ? entries : []);
  return [
    { label: "Open", shortcut: "Enter", onSelect: () => onOpen(row) },
    {
      label: compared.length > 1 ? `Compare ${compared.length} runs` : "Compare with selected",
      icon: <GitCompare size={ICON_PX} aria-hidden />,
      isDisabled: compared.length < 2,
      onSelect: () => onCompare(compared),
    },
    null,
    ...change({
      label: "Rename",
      icon: <Pencil size={ICON_PX} aria-hidden />,
      shortcut: "F2",
      isDisabled: row.isDeleted,
      onSelect: () => onRename(row),
    }),
    ...change({ label: "Description…", onSelect: () => onDo({ kind: "describe", ids: [row.id] }) }),
    ...change({
      label: `Tag${many}…`,
      icon: <Tag size={ICON_PX} aria-hidden />,
      shortcut: "T",
      onSelect: () => onDo({ kind: "tag", ids }),
    }),
    {
      label: "Copy the run id",
      icon: <Copy size={ICON_PX} aria-hidden />,
      onSelect: () => void navigator.clipboard.writeText(row.id).then(() => say("Copied.")),
    },
    ...change({
      label: `Copy${many} to another experiment…`,
      isDisabled: row.isDeleted,
      onSelect: () => onDo({ kind: "copy", ids }),
    }),
    ...manage({
      label: `Move${many} to another experiment…`,
      isDisabled: row.isDeleted,
      onSelect: () => onDo({ kind: "move", ids }),
    }),
    null,
    {
      label: ids.every((id) => pinned.includes(id)) ? `Unpin${many}` : `Pin${many}`,
      icon: <Pin size={ICON_PX} aria-hidden />,
      shortcut: "P",
      onSelect: () => view.onPin(ids),
    },
    ...(charts
      ? [
          {
            label: isOff ? `Show${many} in charts` : `Hide${many} from charts`,
            icon: isOff ? <Eye size={ICON_PX} aria-hidden /> : <EyeOff size={ICON_PX} aria-hidden />,
            onSelect: () => view.onEye(ids, isOff),
          },
        ]
      : []),
    { label: `Hide${many} from table and charts`, shortcut: "H", onSelect: () => view.onHide(ids) },
    ...manage(
      null,
      stage === "deleted"
        ? { label: `Restore${many}…`, onSelect: () => onDo({ kind: "restore", ids }) }
        : {
            label: `Delete${many}…`,
            icon: <Trash2 size={ICON_PX} aria-hidden />,
            shortcut: "Del",
            isDangerous: true,
            onSelect: () => onDo({ kind: "delete", ids }),
          },
    ),
  ];
}
