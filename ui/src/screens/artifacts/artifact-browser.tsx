import { useQueries, useQuery } from "@tanstack/react-query";
import { File, Folder } from "lucide-react";
import { useEffect, useState } from "react";
import { type ArtifactRoot, artifactListQuery } from "../../api/artifacts.ts";
import type { FileInfo } from "../../api/wire.ts";
import { CodeLines } from "../../parts/code-lines.tsx";
import { formatBytes } from "../../parts/format.ts";
import { type GridColumn, RowGrid } from "../../parts/row-grid.tsx";
import { SplitPane } from "../../parts/split-pane.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Segmented } from "../../parts/toggles.tsx";
import { Tree, type TreeLine } from "../../parts/tree.tsx";
import { baseName, folderOf, foldersAbove } from "./file-kinds.ts";
import { FileView } from "./file-view.tsx";
import { imageSeries, seriesImage } from "./image-series.ts";
import { ImageSeriesView } from "./image-series-view.tsx";

interface ArtifactBrowserProps {
  root: Exclude<ArtifactRoot, { kind: "model-version" }>;
  /** Of the chosen file or folder; "" for none. */
  path: string;
  onPath: (path: string) => void;
  /** Runs whose images of the same name are shown beside. */
  otherRunIds?: readonly string[];
  /** Of a series of images. */
  step?: number | undefined;
  onStep?: (step: number) => void;
}

const LOG_A_FILE = `mlflow.log_artifact("plot.png")
mlflow.log_text("what happened", "notes.txt")
mlflow.log_table({"a": [1, 2]}, "table.json")`;

/** A tree of files, and the chosen one. */
export function ArtifactBrowser(props: ArtifactBrowserProps) {
  const { root, path, onPath } = props;
  const top = useQuery(artifactListQuery(root, ""));
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(foldersAbove(path)));
  useEffect(() => {
    setOpen((before) => new Set([...before, ...foldersAbove(path)]));
  }, [path]);
  const folders = [...open];
  const lists = useQueries({ queries: folders.map((folder) => artifactListQuery(root, folder)) });
  if (top.error !== null) {
    return <ErrorState title="The files could not be listed" error={top.error} onRetry={() => void top.refetch()} />;
  }
  if (top.data === undefined) return <SkeletonRows rows={10} />;
  if (top.data.files.length === 0) {
    return (
      <EmptyState title="No artifacts yet" actions={<CodeLines text={LOG_A_FILE} label="Copy the lines" />}>
        Files that are logged appear here:
      </EmptyState>
    );
  }
  const filesIn = new Map(folders.map((folder, index) => [folder, lists[index]?.data?.files]));
  const isFolder = (id: string): boolean =>
    (folderOf(id) === "" ? top.data.files : (filesIn.get(folderOf(id)) ?? [])).some(
      (file) => file.path === id && file.is_dir,
    );
  const toggle = (id: string): void => {
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  };
  const select = (id: string): void => {
    if (isFolder(id) && (id === path || !open.has(id))) toggle(id);
    if (id !== path) onPath(id);
  };
  return (
    <SplitPane
      label="Width of the file tree"
      settingName="artifacts.tree"
      first={
        <Tree
          label="Files"
          lines={treeLines(top.data.files, open, filesIn)}
          selectedId={path}
          onSelect={select}
          onToggle={toggle}
        />
      }
      second={path === "" ? <FolderView {...props} folder="" /> : <Chosen key={path} {...props} />}
    />
  );
}

function treeLines(
  top: readonly FileInfo[],
  open: ReadonlySet<string>,
  filesIn: ReadonlyMap<string, readonly FileInfo[] | undefined>,
): TreeLine[] {
  const lines: TreeLine[] = [];
  const add = (files: readonly FileInfo[], depth: number): void => {
    for (const file of foldersFirst(files)) {
      const isOpen = file.is_dir ? open.has(file.path) : undefined;
      const name = baseName(file.path);
      const Icon = file.is_dir ? Folder : File;
      lines.push({
        id: file.path,
        label: name,
        depth,
        isOpen,
        content: (
          <>
            <Icon size={14} aria-hidden className="shrink-0 text-ink-muted" />
            <bdi className="min-w-0 flex-1 truncate">{name}</bdi>
            {file.file_size !== undefined && (
              <span className="shrink-0 text-ink-muted text-sm">{formatBytes(file.file_size)}</span>
            )}
          </>
        ),
      });
      if (isOpen) add(filesIn.get(file.path) ?? [], depth + 1);
    }
  };
  add(top, 0);
  return lines;
}

function foldersFirst(files: readonly FileInfo[]): FileInfo[] {
  return [...files].sort((a, b) => Number(b.is_dir) - Number(a.is_dir) || (a.path < b.path ? -1 : 1));
}

/** What the path of the address stands for: only the list of its folder knows. */
function Chosen(props: ArtifactBrowserProps) {
  const { root, path, otherRunIds = [], step, onStep = () => {} } = props;
  const parent = useQuery(artifactListQuery(root, folderOf(path)));
  const [isSingle, setSingle] = useState(false);
  if (parent.error !== null) {
    return (
      <ErrorState title="The file could not be found" error={parent.error} onRetry={() => void parent.refetch()} />
    );
  }
  if (parent.data === undefined) return <SkeletonRows rows={10} />;
  const file = parent.data.files.find((one) => one.path === path);
  if (file === undefined) {
    return (
      <EmptyState title="There is no such file">It may have been deleted, or the address may be cut off.</EmptyState>
    );
  }
  if (file.is_dir) return <FolderView {...props} folder={path} />;
  const image = seriesImage(path);
  const view = <FileView root={root} path={path} size={file.file_size ?? 0} />;
  if (image === undefined) return view;
  return (
    <>
      <div className="flex min-h-9 items-center px-3">
        <Segmented
          label="Images"
          value={isSingle ? "file" : "series"}
          onValueChange={(next) => setSingle(next === "file")}
          segments={[
            { value: "series", label: "By step" },
            { value: "file", label: "This file" },
          ]}
        />
      </div>
      {isSingle ? (
        view
      ) : (
        <ImageSeriesView
          root={root}
          folder={folderOf(path)}
          onlyKey={image.key}
          otherRunIds={otherRunIds}
          step={step ?? image.step}
          onStep={onStep}
        />
      )}
    </>
  );
}

const COLUMNS: readonly GridColumn<FileInfo>[] = [
  {
    id: "name",
    header: "Name",
    track: "minmax(120px,1fr)",
    cell: ({ path, is_dir }) => (
      <>
        {is_dir ? (
          <Folder size={14} aria-hidden className="shrink-0 text-ink-muted" />
        ) : (
          <File size={14} aria-hidden className="shrink-0 text-ink-muted" />
        )}
        <bdi title={path} className="truncate">
          {baseName(path)}
        </bdi>
      </>
    ),
  },
  {
    id: "size",
    header: "Size",
    track: "80px",
    isAtEnd: true,
    cell: ({ file_size }) => (file_size === undefined ? "" : formatBytes(file_size)),
  },
];

function FolderView({
  root,
  folder,
  onPath,
  otherRunIds = [],
  step,
  onStep = () => {},
}: ArtifactBrowserProps & { folder: string }) {
  const list = useQuery(artifactListQuery(root, folder));
  if (list.error !== null) {
    return <ErrorState title="The folder could not be listed" error={list.error} onRetry={() => void list.refetch()} />;
  }
  if (list.data === undefined) return <SkeletonRows rows={10} />;
  if (imageSeries(list.data.files).size > 0) {
    return <ImageSeriesView {...{ root, folder, otherRunIds, step, onStep }} />;
  }
  return (
    <RowGrid
      label={folder === "" ? "Files" : `Files in ${baseName(folder)}`}
      rows={foldersFirst(list.data.files)}
      idOf={(file) => file.path}
      columns={COLUMNS}
      onOpen={(file) => onPath(file.path)}
    />
  );
}
