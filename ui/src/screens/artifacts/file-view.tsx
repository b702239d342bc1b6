import { useQuery } from "@tanstack/react-query";
import { CatchBoundary } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import { artifactDetailsQuery, artifactUrl } from "../../api/artifacts.ts";
import { buttonClass } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { formatBytes } from "../../parts/format.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { BinaryView } from "./binary-view.tsx";
import { CsvView } from "./csv-view.tsx";
import { baseName, kindOf } from "./file-kinds.ts";
import { ImageView } from "./image-view.tsx";
import { JsonView } from "./json-view.tsx";
import { MediaView } from "./media-view.tsx";
import { HtmlView, MarkdownView } from "./page-view.tsx";
import { ImagesBeside, type ImagesProps } from "./run-image.tsx";
import { TextView } from "./text-view.tsx";

const ParquetView = lazy(() => import("./parquet-view.tsx"));
const NotebookView = lazy(() => import("./notebook-view.tsx"));
const NpyView = lazy(() => import("./npy-view.tsx"));
const PdfView = lazy(() => import("./pdf-view.tsx"));

/** Larger markdown is shown as text. */
const MAX_MARKDOWN_BYTES = 1_000_000;

interface FileViewProps extends ImagesProps {
  path: string;
  /** In bytes. */
  size: number;
  /** A button that shares it. */
  share?: ReactNode;
}

/** One file: its name, its size, its download, and its content. */
export function FileView(props: FileViewProps) {
  const { root, path, size, share } = props;
  const url = artifactUrl(root, path);
  const name = baseName(path);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <PathHeader path={path} note={formatBytes(size)}>
        <Sha256 root={root} path={path} />
        <a href={url} download={name} className={buttonClass("quiet")}>
          <Download size={14} aria-hidden />
          Download
        </a>
        {share}
      </PathHeader>
      <Suspense fallback={<SkeletonRows rows={10} />}>
        {size === 0 ? (
          <p className="p-4 text-ink-muted">The file is empty.</p>
        ) : (
          <CatchBoundary
            getResetKey={() => url}
            errorComponent={({ error, reset }) => (
              <ErrorState title="The file could not be shown" error={error} onRetry={reset} />
            )}
          >
            <Content key={url} url={url} name={name} {...props} />
          </CatchBoundary>
        )}
      </Suspense>
    </div>
  );
}

/** The beginning of the file's SHA-256, and a button that copies all of it; nothing where the server does not know it. */
function Sha256({ root, path }: Pick<FileViewProps, "root" | "path">) {
  const { data } = useQuery(artifactDetailsQuery(root, path));
  if (data?.sha256 === undefined) return null;
  return (
    <span className="flex items-center gap-1 text-ink-muted text-sm">
      <span title={data.sha256} className="hidden sm:inline">
        SHA-256 <span className="font-mono">{data.sha256.slice(0, 8)}…</span>
      </span>
      <CopyButton text={data.sha256} label="Copy the SHA-256" />
    </span>
  );
}

/** The name of a file or folder, with its actions. */
export function PathHeader({ path, note, children }: { path: string; note: string; children?: ReactNode }) {
  return (
    <header className="flex min-h-9 shrink-0 items-center gap-2 border-line border-b px-3">
      <h2 title={path} className="min-w-0 truncate font-medium">
        <bdi>{path === "" ? "All files" : baseName(path)}</bdi>
      </h2>
      <span className="shrink-0 text-ink-muted text-sm">{note}</span>
      <div className="ml-auto flex shrink-0 items-center gap-1">
        {path !== "" && <CopyButton text={path} label="Copy the path" />}
        {children}
      </div>
    </header>
  );
}

interface ContentProps extends FileViewProps {
  url: string;
  name: string;
}

function Content({ root, path, url, name, size, otherRunIds, imageControls }: ContentProps) {
  switch (kindOf(path)) {
    case "image":
      return otherRunIds.length === 0 ? (
        <ImageView url={url} name={name} isSvg={false} controls={imageControls} />
      ) : (
        <ImagesBeside root={root} path={path} otherRunIds={otherRunIds} imageControls={imageControls} />
      );
    case "svg":
      return <ImageView url={url} name={name} isSvg />;
    case "json":
    case "geojson":
      return <JsonView {...{ root, path, size, otherRunIds, imageControls }} />;
    case "notebook":
      return <NotebookView {...{ root, path, size }} />;
    case "npy":
      return <NpyView url={url} />;
    case "csv":
      return <CsvView url={url} path={path} />;
    case "parquet":
      return <ParquetView url={url} size={size} />;
    case "html":
      return <HtmlView root={root} path={path} />;
    case "pdf":
      return <PdfView url={url} name={name} />;
    case "audio":
      return <MediaView url={url} name={name} isVideo={false} />;
    case "video":
      return <MediaView url={url} name={name} isVideo />;
    case "markdown":
      if (size <= MAX_MARKDOWN_BYTES) return <MarkdownView root={root} path={path} />;
      return <TextView url={url} path={path} />;
    case "text":
      return <TextView url={url} path={path} />;
    case "unknown":
      return <BinaryView url={url} path={path} />;
  }
}
