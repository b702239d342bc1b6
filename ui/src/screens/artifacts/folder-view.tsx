import { useQuery } from "@tanstack/react-query";
import { File, Folder, PackagePlus } from "lucide-react";
import type { ReactNode } from "react";
import { artifactListQuery } from "../../api/artifacts.ts";
import type { FileInfo } from "../../api/wire.ts";
import { Button } from "../../parts/button.tsx";
import { formatBytes, formatCount } from "../../parts/format.ts";
import { type GridColumn, RowGrid } from "../../parts/row-grid.tsx";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { baseName, foldersFirst } from "./file-kinds.ts";
import { PathHeader } from "./file-view.tsx";
import { FolderDownload } from "./folder-download.tsx";
import { imageSeries } from "./image-series.ts";
import { ImageSeriesView } from "./image-series-view.tsx";
import type { ImagesProps } from "./run-image.tsx";

interface FolderViewProps extends ImagesProps {
  folder: string;
  onPath: (path: string) => void;
  onRegister: ((folder: string) => void) | undefined;
  /** A button that shares it. */
  share?: ReactNode;
}

/** The content of a folder: its images by step, or its files. */
export function FolderView({ root, folder, onPath, onRegister, share, otherRunIds, imageControls }: FolderViewProps) {
  const list = useQuery(artifactListQuery(root, folder));
  if (list.error !== null && list.data === undefined) {
    return <ErrorState title="The folder could not be listed" error={list.error} onRetry={() => void list.refetch()} />;
  }
  if (list.data === undefined) return <SkeletonRows rows={10} />;
  const { files } = list.data;
  const isModel = files.some((file) => baseName(file.path) === "MLmodel");
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <PathHeader path={folder} note={`${formatCount(files.length)} ${files.length === 1 ? "entry" : "entries"}`}>
        {folder !== "" && isModel && onRegister && (
          <Button icon={<PackagePlus size={14} aria-hidden />} onClick={() => onRegister(folder)}>
            Register the model
          </Button>
        )}
        <FolderDownload root={root} folder={folder} />
        {share}
      </PathHeader>
      {imageSeries(files).size > 0 ? (
        <ImageSeriesView root={root} folder={folder} otherRunIds={otherRunIds} imageControls={imageControls} />
      ) : (
        <RowGrid
          label={folder === "" ? "Files" : `Files in ${baseName(folder)}`}
          rows={foldersFirst(files)}
          idOf={(file) => file.path}
          columns={columns(onPath)}
          onOpen={(file) => onPath(file.path)}
        />
      )}
    </div>
  );
}

function columns(onPath: (path: string) => void): GridColumn<FileInfo>[] {
  return [
    {
      id: "name",
      header: "Name",
      track: "minmax(120px,1fr)",
      cell: ({ path, is_dir }, tabIndex) => {
        const Icon = is_dir ? Folder : File;
        return (
          <button
            type="button"
            tabIndex={tabIndex}
            title={path}
            onClick={() => onPath(path)}
            className="flex min-w-0 items-center gap-2 -outline-offset-2 hover:underline"
          >
            <Icon size={14} aria-hidden className="shrink-0 text-ink-muted" />
            <bdi className="truncate">{baseName(path)}</bdi>
          </button>
        );
      },
    },
    {
      id: "size",
      header: "Size",
      track: "80px",
      isAtEnd: true,
      cell: ({ file_size }) => (file_size === undefined ? "" : formatBytes(file_size)),
    },
  ];
}
