import { useQueries, useQuery } from "@tanstack/react-query";
import { File, Folder, Images } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { artifactListQuery } from "../../api/artifacts.ts";
import { ApiError } from "../../api/client.ts";
import type { FileInfo } from "../../api/wire.ts";
import { CodeLines } from "../../parts/code-lines.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { formatBytes, formatCount } from "../../parts/format.ts";
import { SplitPane } from "../../parts/split-pane.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Tree, type TreeLine } from "../../parts/tree.tsx";
import { baseName, folderOf, foldersAbove, foldersFirst } from "./file-kinds.ts";
import { FileView } from "./file-view.tsx";
import { FolderView } from "./folder-view.tsx";
import { imageSeries, isSmallCopy, seriesImage } from "./image-series.ts";
import { ImageSeriesView } from "./image-series-view.tsx";
import { Note } from "./note.tsx";
import type { FilesRoot } from "./run-image.tsx";
import { RunPicker } from "./run-picker.tsx";
import { type ShownPlace, ShownPlaceContext, useShownPlace } from "./shown-place.ts";
import { ViewSwitch } from "./view-switch.tsx";

/** How often the files of a live run are listed again, in ms. */
const REFRESH_MS = 10_000;

interface ArtifactBrowserProps {
  root: FilesRoot;
  /** Of the chosen file or folder; "" for none. */
  path: string;
  onPath: (path: string) => void;
  /** The state of the shown file in the address. */
  place: ShownPlace;
  onPlace: (place: ShownPlace) => void;
  /** Runs whose images with the same name are shown too. */
  otherRunIds?: readonly string[];
  onOtherRuns?: (runIds: readonly string[]) => void;
  /** Registers the model that a folder holds. */
  onRegister?: (folder: string) => void;
  /** A button that shares a file or folder. */
  shareOf?: (path: string) => ReactNode;
  /** Files may still be added. */
  isLive?: boolean;
}

const LOG_A_FILE = `mlflow.log_artifact("plot.png")
mlflow.log_text("what happened", "notes.txt")
mlflow.log_table({"a": [1, 2]}, "table.json")`;

/** A tree of files, and the chosen one. */
export function ArtifactBrowser(props: ArtifactBrowserProps) {
  const { root, path, onPath, place, onPlace, isLive = false } = props;
  const refetchInterval = isLive && REFRESH_MS;
  const top = useQuery({ ...artifactListQuery(root, ""), refetchInterval });
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(foldersAbove(path)));
  const folders = [...open];
  const lists = useQueries({
    queries: folders.map((folder) => ({ ...artifactListQuery(root, folder), refetchInterval })),
  });
  const filesIn = new Map(folders.map((folder, index) => [folder, lists[index]?.data?.files]));
  const isFolder = (id: string): boolean =>
    (folderOf(id) === "" ? (top.data?.files ?? []) : (filesIn.get(folderOf(id)) ?? [])).some(
      (file) => file.path === id && file.is_dir,
    );
  const isPathFolder = isFolder(path);
  useEffect(() => {
    setOpen((before) => new Set([...before, ...foldersAbove(path), ...(isPathFolder ? [path] : [])]));
  }, [path, isPathFolder]);
  const placeInAddress = useMemo(() => ({ ...place, change: onPlace, open: onPath }), [place, onPlace, onPath]);
  if (top.error instanceof ApiError && top.error.artifactUri !== undefined && top.data === undefined) {
    return <Elsewhere uri={top.error.artifactUri} />;
  }
  if (top.error !== null && top.data === undefined) {
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
  const toggle = (id: string): void => {
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  };
  const select = (id: string): void => {
    if (id !== path) onPath(id);
    if (isFolder(id) && (id === path || !open.has(id))) toggle(id);
  };
  return (
    <ShownPlaceContext value={placeInAddress}>
      <SplitPane
        label="Width of the file tree"
        settingName="artifacts.tree"
        first={
          <Tree
            label="Files"
            lines={treeLines(top.data.files, open, filesIn)}
            selectedId={lineOf(path, filesIn.get(folderOf(path)) ?? top.data.files)}
            onSelect={select}
            onToggle={toggle}
          />
        }
        second={<Chosen key={path} {...props} />}
        // At the root, the tree has the same files.
        isSecondSpare={path === ""}
      />
    </ShownPlaceContext>
  );
}

/** In place of the files, where clients keep them in a store that this server does not read. */
function Elsewhere({ uri }: { uri: string }) {
  const line = `mlflow.artifacts.download_artifacts(${JSON.stringify(uri)})`;
  return (
    <EmptyState title="The artifacts are not on this server" actions={<CodeLines text={line} label="Copy the line" />}>
      <p>Clients keep them in another store, and read them there with their own credentials:</p>
      <p className="mt-1 flex items-center justify-center gap-1">
        <span className="wrap-anywhere font-mono text-ink">{uri}</span>
        <CopyButton text={uri} label="Copy the location" />
      </p>
    </EmptyState>
  );
}

/** The line of a file. For an image of a series, the line of the series' last image. */
function lineOf(path: string, beside: readonly FileInfo[]): string {
  const image = seriesImage(path);
  return (image && imageSeries(beside).get(image.key)?.at(-1)?.path) ?? path;
}

/** Files and folders. The images of a series are one line, and their thumbnails have none. */
function treeLines(
  top: readonly FileInfo[],
  open: ReadonlySet<string>,
  filesIn: ReadonlyMap<string, readonly FileInfo[] | undefined>,
): TreeLine[] {
  const lines: TreeLine[] = [];
  const add = (files: readonly FileInfo[], depth: number): void => {
    const series = imageSeries(files);
    for (const file of foldersFirst(files)) {
      const image = file.is_dir ? undefined : seriesImage(file.path);
      if (isSmallCopy(file.path) || (image !== undefined && series.get(image.key)?.at(-1)?.path !== file.path))
        continue;
      const isOpen = file.is_dir ? open.has(file.path) : undefined;
      const steps = image === undefined ? 0 : series.get(image.key)!.length;
      const name = image?.key ?? baseName(file.path);
      const Icon = file.is_dir ? Folder : image === undefined ? File : Images;
      lines.push({
        id: file.path,
        label: name,
        depth,
        isOpen,
        content: (
          <>
            <Icon size={14} aria-hidden className="shrink-0 text-ink-muted" />
            <bdi className="min-w-0 flex-1 truncate text-left">{name}</bdi>
            {steps > 0 && (
              <span className="shrink-0 text-ink-muted text-sm">
                {formatCount(steps)} {steps === 1 ? "image" : "images"}
              </span>
            )}
            {steps === 0 && file.file_size !== undefined && (
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

/** The file or folder at the address's path. Only the list of the parent folder tells which of both it is. */
function Chosen({ root, path, onPath, otherRunIds = [], onOtherRuns, onRegister, shareOf }: ArtifactBrowserProps) {
  const { show, change } = useShownPlace();
  const parent = useQuery(artifactListQuery(root, folderOf(path)));
  if (parent.error !== null && parent.data === undefined) {
    return (
      <ErrorState title="The file could not be found" error={parent.error} onRetry={() => void parent.refetch()} />
    );
  }
  if (parent.data === undefined) return <SkeletonRows rows={10} />;
  const imageControls = root.kind === "run" && onOtherRuns !== undefined && (
    <RunPicker runId={root.runId} chosen={otherRunIds} onChange={onOtherRuns} />
  );
  const images = { root, otherRunIds, imageControls };
  const share = path === "" ? undefined : shareOf?.(path);
  const file = parent.data.files.find((one) => one.path === path);
  if (path === "" || file?.is_dir) return <FolderView {...images} {...{ onPath, onRegister, share }} folder={path} />;
  if (file === undefined) {
    return (
      <EmptyState title="There is no such file">It may have been deleted, or the address may be cut off.</EmptyState>
    );
  }
  const image = seriesImage(path);
  const view = <FileView {...images} path={path} size={file.file_size ?? 0} share={share} />;
  if (image === undefined) return view;
  // The views of the one image have names of their own.
  const isSeries = show === undefined || show === "series";
  return (
    <>
      <Note>
        <ViewSwitch
          label="Images"
          views={["series", "file"]}
          view={isSeries ? "series" : "file"}
          onView={(next) => change({ show: next })}
        />
      </Note>
      {isSeries ? (
        <ImageSeriesView {...images} folder={folderOf(path)} onlyKey={image.key} initialStep={image.step} />
      ) : (
        view
      )}
    </>
  );
}
