import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback } from "react";
import { artifactTextQuery, artifactUrl } from "../../api/artifacts.ts";
import { withQuery } from "../../api/client.ts";
import { Markdown } from "../../parts/markdown.tsx";
import { ErrorState } from "../../parts/states.tsx";
import { folderOf } from "./file-kinds.ts";
import { Note } from "./note.tsx";
import type { FilesRoot } from "./run-image.tsx";
import { useView } from "./shown-place.ts";
import { TextView } from "./text-view.tsx";
import { ViewSwitch } from "./view-switch.tsx";

const VIEWS = ["page", "source"] as const;

interface FileProps {
  root: FilesRoot;
  path: string;
}

/** A file that is a page, and its source. */
function PageOrSource({ root, path, note, children }: FileProps & { note?: ReactNode; children: ReactNode }) {
  const [view, setView] = useView(VIEWS);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <ViewSwitch views={VIEWS} view={view} onView={setView} />
        {view === "page" && note}
      </Note>
      {view === "page" ? children : <TextView url={artifactUrl(root, path)} path={path} />}
    </div>
  );
}

/** A logged page in a frame of an origin of its own: its scripts run, and reach neither this page nor any host. */
export function HtmlView({ root, path }: FileProps) {
  const owner = root.kind === "run" ? { run_id: root.runId } : { model_id: root.modelId };
  return (
    <PageOrSource
      root={root}
      path={path}
      note={
        <span className="text-ink-muted text-sm">In a sandbox: what the page loads from elsewhere is missing.</span>
      }
    >
      <iframe
        title={`Page ${path}`}
        sandbox="allow-scripts"
        referrerPolicy="no-referrer"
        src={withQuery("ui-api/preview", { ...owner, path })}
        className="min-h-[320px] w-full flex-1 bg-[#fff]"
      />
    </PageOrSource>
  );
}

export function MarkdownView({ root, path }: FileProps) {
  const text = useQuery(artifactTextQuery(root, path));
  // A path in the text begins at the text's folder.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text's own address stands for the root, which is made anew
  const imageUrl = useCallback(
    (image: string) => artifactUrl(root, fromFolder(folderOf(path), image)),
    [artifactUrl(root, path)],
  );
  if (text.error !== null) {
    return <ErrorState title="The file could not be read" error={text.error} onRetry={() => void text.refetch()} />;
  }
  return (
    <PageOrSource root={root} path={path}>
      <section
        aria-label="Page"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto p-4 -outline-offset-2"
      >
        <Markdown text={text.data ?? ""} imageUrl={imageUrl} className="max-w-[80ch]" />
      </section>
    </PageOrSource>
  );
}

/** The path that an address in a folder's file means, such as `../plots/a.png`. */
function fromFolder(folder: string, address: string): string {
  const folders = folder.split("/").filter(Boolean).map(encodeURIComponent);
  const { pathname } = new URL(address, ["http://run", ...folders, ""].join("/"));
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch {
    return pathname.slice(1);
  }
}
