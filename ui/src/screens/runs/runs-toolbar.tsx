import { Download, Group, LineChart, MoreHorizontal } from "lucide-react";
import type { Ref } from "react";
import type { DistinctKeys } from "../../api/keys.ts";
import type { LinkedThing } from "../../api/links.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { Button, ButtonWords, IconButton } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { Menu, type MenuEntry } from "../../parts/menu.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { ShareButton } from "../share/share-button.tsx";
import { shownAddress } from "../share/shown-address.ts";
import { ColumnChooser } from "./column-chooser.tsx";
import { QueryBox } from "./query-box.tsx";
import { groupableFields } from "./run-columns.ts";
import { SavedViews } from "./saved-views.tsx";
import type { RunsView } from "./use-runs-view.ts";

interface RunsToolbarProps {
  view: RunsView;
  keys: DistinctKeys | undefined;
  /** Spellings of the shown columns, chosen or default. */
  columns: readonly string[];
  /** The server's error for the filter. */
  mistake: string | undefined;
  /** Whether children are listed below their parents. */
  isNested: boolean;
  onView: (view: "active" | "deleted") => void;
  /** Undefined until all rows have loaded. */
  onDownload: (() => void) | undefined;
  /** Downloads every column that the runs have. */
  onDownloadAll: () => void;
  onReport: () => void;
  /** The experiments' names. */
  title: string;
  box: Ref<{ focus: () => void }>;
}

/** The controls that choose the listed runs and their presentation. */
export function RunsToolbar({
  view,
  keys,
  columns,
  mistake,
  isNested,
  onView,
  onDownload,
  onDownloadAll,
  onReport,
  title,
  box,
}: RunsToolbarProps) {
  const { search, change, experimentIds } = view;
  const { q = "", group = [], charts = false } = search;
  return (
    <header className="flex shrink-0 flex-wrap items-start gap-2 px-3 py-2 wide:px-4">
      <QueryBox
        ref={box}
        value={q}
        onSubmit={(next) => change({ q: next || undefined })}
        {...{ keys, experimentIds }}
        error={mistake}
      />
      {!IS_SHARED && (
        <Segmented
          label="Which runs"
          value={search.view ?? "active"}
          onValueChange={onView}
          segments={[
            { value: "active", label: "Active" },
            { value: "deleted", label: "Trash" },
          ]}
        />
      )}
      <div className="ml-auto flex flex-wrap items-center gap-1 wide:gap-2">
        <Button
          aria-pressed={charts}
          icon={<LineChart size={14} aria-hidden />}
          onClick={() => change({ charts: charts ? undefined : true })}
        >
          <ButtonWords>Charts</ButtonWords>
        </Button>
        <Menu
          align="end"
          trigger={
            <Button icon={<Group size={14} aria-hidden />}>
              <ButtonWords>{group.length > 0 ? `Group (${group.length})` : "Group"}</ButtonWords>
            </Button>
          }
          entries={groupEntries(view, keys, isNested)}
        />
        <ColumnChooser
          keys={keys}
          columns={columns}
          onChange={(next) => change({ columns: next })}
          onReset={() => change({ columns: undefined, fixed: undefined, diff: undefined })}
          isDiff={search.diff ?? false}
          onDiff={(isOn) => change({ diff: isOn || undefined })}
        />
        {!IS_SHARED && <SavedViews experimentIds={experimentIds} />}
        <ShareButton name={title} thing={sharedRuns(experimentIds)} experimentIds={experimentIds} />
        <Menu
          align="end"
          trigger={<IconButton label="More" icon={<MoreHorizontal size={14} aria-hidden />} />}
          entries={moreEntries(view, onDownload, onDownloadAll, onReport)}
        />
      </div>
    </header>
  );
}

/** The shared experiments; the link opens them as they are shown now. */
function sharedRuns(experimentIds: readonly string[]): LinkedThing {
  const address = shownAddress();
  return { experiment_ids: experimentIds, ...(address.includes("?") && { address }) };
}

function groupEntries(
  { search, change, onGroup }: RunsView,
  keys: DistinctKeys | undefined,
  isNested: boolean,
): MenuEntry[] {
  const { group = [], spread } = search;
  // Entries keep their places after a press, so that the next press hits what it aimed at.
  const groupable = [...new Set([...groupableFields(keys), ...group])];
  return [
    ...groupable.map((spelling) => ({
      label: spelling,
      isChecked: group.includes(spelling),
      onSelect: () => onGroup(spelling),
    })),
    ...(groupable.length > 0 ? [null] : []),
    ...(group.length > 0
      ? [
          {
            label: "Min–max in place of mean ± std",
            isChecked: spread === "range",
            onSelect: () => change({ spread: spread === "range" ? undefined : "range" }),
          },
          { label: "No groups", onSelect: () => change({ group: undefined, open: undefined }) },
          null,
        ]
      : []),
    {
      label: "Children below their parents",
      isChecked: isNested,
      onSelect: () => change({ nested: !isNested, group: undefined, open: undefined }),
    },
  ];
}

function moreEntries(
  { search, change, experimentIds }: RunsView,
  onDownload: (() => void) | undefined,
  onDownloadAll: () => void,
  onReport: () => void,
): MenuEntry[] {
  const { hidden = [], pinned = [], sort = [] } = search;
  return [
    {
      label: "Download as CSV",
      icon: <Download size={14} aria-hidden />,
      isDisabled: onDownload === undefined,
      onSelect: () => onDownload?.(),
    },
    { label: "Download as CSV, all columns", onSelect: onDownloadAll },
    { label: "Make a report", onSelect: onReport },
    ...(experimentIds.length === 1 && !IS_SHARED
      ? [{ label: "Logged models", href: `#/experiments/${experimentIds[0]}/models` }]
      : []),
    ...(hidden.length > 0
      ? [{ label: `Show the ${formatCount(hidden.length)} hidden`, onSelect: () => change({ hidden: undefined }) }]
      : []),
    ...(pinned.length > 0
      ? [{ label: `Unpin the ${formatCount(pinned.length)} pinned`, onSelect: () => change({ pinned: undefined }) }]
      : []),
    ...(sort.length > 0 ? [{ label: "Newest first", onSelect: () => change({ sort: undefined }) }] : []),
  ];
}
