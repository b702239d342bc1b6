import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { artifactUrl } from "../../api/artifacts.ts";
import { getText } from "../../api/client.ts";
import { formatBytes } from "../../parts/format.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Tree, type TreeLine } from "../../parts/tree.tsx";
import { drawGeoJson } from "./geo-shapes.ts";
import { GeoView } from "./geo-view.tsx";
import { LogTableView } from "./log-table-view.tsx";
import { Note } from "./note.tsx";
import { logTable } from "./parsers.ts";
import type { ImagesProps } from "./run-image.tsx";
import { useView } from "./shown-place.ts";
import { TextView } from "./text-view.tsx";
import { ViewSwitch } from "./view-switch.tsx";

/** Larger files are shown as text: a tree needs the whole of them. */
const MAX_BYTES = 20_000_000;
const MAX_VALUE = 300;

type View = "table" | "map" | "tree" | "text";

interface Parsed {
  value?: unknown;
  problem?: string;
}

function parse(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

interface JsonViewProps extends ImagesProps {
  path: string;
  /** In bytes. */
  size: number;
}

/** JSON as a tree and as text. A table from `log_table` is a table, and GeoJSON is a map. */
export function JsonView({ root, path, size, otherRunIds, imageControls }: JsonViewProps) {
  const url = artifactUrl(root, path);
  const isTooLarge = size > MAX_BYTES;
  const file = useQuery({
    queryKey: ["artifacts", "json", url],
    queryFn: async ({ signal }) => parse(await getText(url, undefined, signal)),
    enabled: !isTooLarge,
    staleTime: 60_000,
  });
  const value = file.data?.value;
  const table = useMemo(() => logTable(value), [value]);
  const drawing = useMemo(() => drawGeoJson(value), [value]);
  const views: View[] = file.data?.problem
    ? ["text"]
    : [...(table ? ["table" as const] : []), ...(drawing ? ["map" as const] : []), "tree", "text"];
  const [view, setView] = useView(views);
  if (isTooLarge) {
    return (
      <div className="flex min-h-0 flex-1 flex-col">
        <Note>Shown as text, as it is larger than {formatBytes(MAX_BYTES)}.</Note>
        <TextView url={url} path={path} />
      </div>
    );
  }
  if (file.error !== null) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={() => void file.refetch()} />;
  }
  if (file.data === undefined) return <SkeletonRows rows={10} />;
  const { problem } = file.data;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <ViewSwitch views={views} view={view} onView={setView} />
        {view === "table" && imageControls}
        {problem !== undefined && <span className="text-warning text-sm">This is no JSON: {problem}</span>}
      </Note>
      {view === "table" && table && <LogTableView {...{ root, path, table, otherRunIds }} />}
      {view === "map" && drawing && <GeoView drawing={drawing} />}
      {view === "tree" && <JsonTree value={value} />}
      {view === "text" && <TextView url={url} path={path} />}
    </div>
  );
}

type Entries = [name: string, value: unknown][];

function entriesOf(value: unknown): Entries | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value);
}

function summary(value: unknown, count: number): string {
  return Array.isArray(value) ? `[${count}]` : `{${count}}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

const TOP = "$";

function JsonTree({ value }: { value: unknown }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set([TOP]));
  const [selected, setSelected] = useState(TOP);
  const lines = useMemo(() => {
    const all: TreeLine[] = [];
    const add = (id: string, name: string, node: unknown, depth: number): void => {
      const entries = entriesOf(node);
      const isOpen = entries && entries.length > 0 ? open.has(id) : undefined;
      const text = entries ? summary(node, entries.length) : shown(node);
      all.push({
        id,
        label: `${name}: ${text}`,
        depth,
        isOpen,
        content: (
          <span className="flex gap-2 whitespace-pre font-mono text-sm">
            <span className="text-accent">{name}</span>
            <span className={entries ? "text-ink-muted" : "text-ink"}>{text}</span>
          </span>
        ),
      });
      if (isOpen)
        for (const [key, child] of entries ?? []) add(`${id}/${key.replaceAll("/", "~1")}`, key, child, depth + 1);
    };
    add(TOP, TOP, value, 0);
    return all;
  }, [value, open]);
  const toggle = (id: string): void => {
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  };
  return (
    <Tree
      label="Values of the file"
      lines={lines}
      selectedId={selected}
      onSelect={(id) => {
        setSelected(id);
        if (lines.find((line) => line.id === id)?.isOpen !== undefined) toggle(id);
      }}
      onToggle={toggle}
    />
  );
}
