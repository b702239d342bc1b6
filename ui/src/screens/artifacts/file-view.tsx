import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { type ArtifactRoot, artifactTextQuery, artifactUrl } from "../../api/artifacts.ts";
import { buttonClass } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { formatBytes } from "../../parts/format.ts";
import { Markdown } from "../../parts/markdown.tsx";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Segmented } from "../../parts/toggles.tsx";
import { BinaryView } from "./binary-view.tsx";
import { CsvView } from "./csv-view.tsx";
import { baseName, type FileKind, kindOf } from "./file-kinds.ts";
import { HtmlView } from "./html-view.tsx";
import { ImageView } from "./image-view.tsx";
import { JsonView } from "./json-view.tsx";
import { Note } from "./note.tsx";
import { TextView } from "./text-view.tsx";

const ParquetView = lazy(() => import("./parquet-view.tsx"));
const PdfView = lazy(() => import("./pdf-view.tsx"));

type Root = Exclude<ArtifactRoot, { kind: "model-version" }>;

/** Larger markdown is shown as text. */
const MAX_MARKDOWN_BYTES = 1_000_000;

interface FileViewProps {
  root: Root;
  path: string;
  /** In bytes. */
  size: number;
}

/** One file: its name, its size, a way to download it, and what is in it. */
export function FileView({ root, path, size }: FileViewProps) {
  const url = artifactUrl(root, path);
  const name = baseName(path);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex min-h-9 shrink-0 items-center gap-2 border-line border-b px-3">
        <h2 title={path} className="min-w-0 truncate font-medium">
          <bdi>{name}</bdi>
        </h2>
        <span className="shrink-0 text-ink-muted text-sm">{formatBytes(size)}</span>
        <div className="ml-auto flex shrink-0 items-center gap-1">
          <CopyButton text={path} label="Copy the path" />
          <a href={url} download={name} className={buttonClass("quiet")}>
            <Download size={14} aria-hidden />
            Download
          </a>
        </div>
      </header>
      <Suspense fallback={<SkeletonRows rows={10} />}>
        {size === 0 ? (
          <p className="p-4 text-ink-muted">The file is empty.</p>
        ) : (
          <Content key={url} kind={kindOf(path)} {...{ root, path, url, name, size }} />
        )}
      </Suspense>
    </div>
  );
}

interface ContentProps extends FileViewProps {
  kind: FileKind;
  url: string;
  name: string;
}

function Content({ kind, root, path, url, name, size }: ContentProps) {
  switch (kind) {
    case "image":
    case "svg":
      return <ImageView url={url} name={name} isSvg={kind === "svg"} />;
    case "json":
    case "geojson":
      return <JsonView url={url} size={size} />;
    case "csv":
      return <CsvView url={url} path={path} />;
    case "parquet":
      return <ParquetView url={url} />;
    case "html":
      return <HtmlView root={root} path={path} url={url} />;
    case "pdf":
      return <PdfView url={url} name={name} />;
    case "audio":
      return (
        // biome-ignore lint/a11y/useMediaCaption: what was logged has no captions
        <audio controls preload="metadata" src={url} aria-label={name} className="m-3 w-[min(560px,calc(100%-24px))]" />
      );
    case "video":
      return (
        // biome-ignore lint/a11y/useMediaCaption: what was logged has no captions
        <video
          controls
          preload="metadata"
          src={url}
          aria-label={name}
          className="m-3 min-h-0 max-w-[calc(100%-24px)]"
        />
      );
    case "markdown":
      return size > MAX_MARKDOWN_BYTES ? <TextView url={url} /> : <MarkdownView root={root} path={path} url={url} />;
    case "text":
      return <TextView url={url} />;
    case "unknown":
      return <BinaryView url={url} />;
  }
}

function MarkdownView({ root, path, url }: { root: Root; path: string; url: string }) {
  const [view, setView] = useState<"page" | "source">("page");
  const text = useQuery(artifactTextQuery(root, path));
  if (text.error !== null) {
    return <ErrorState title="The file could not be read" error={text.error} onRetry={() => void text.refetch()} />;
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <Segmented
          label="View"
          value={view}
          onValueChange={setView}
          segments={[
            { value: "page", label: "Page" },
            { value: "source", label: "Source" },
          ]}
        />
      </Note>
      {view === "source" ? (
        <TextView url={url} />
      ) : (
        <section
          aria-label="Page"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
          tabIndex={0}
          className="min-h-0 flex-1 overflow-auto p-4 -outline-offset-2"
        >
          <Markdown text={text.data ?? ""} className="max-w-[80ch]" />
        </section>
      )}
    </div>
  );
}
