import { useState } from "react";
import type { ArtifactRoot } from "../../api/artifacts.ts";
import { withQuery } from "../../api/client.ts";
import { Segmented } from "../../parts/toggles.tsx";
import { Note } from "./note.tsx";
import { TextView } from "./text-view.tsx";

type Root = Exclude<ArtifactRoot, { kind: "model-version" }>;

interface HtmlViewProps {
  root: Root;
  path: string;
  url: string;
}

/** A logged page in a frame of an origin of its own: its scripts run, and reach neither this page nor any host. */
export function HtmlView({ root, path, url }: HtmlViewProps) {
  const [view, setView] = useState<"page" | "source">("page");
  const owner = root.kind === "run" ? { run_id: root.runId } : { model_id: root.modelId };
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
        {view === "page" && (
          <span className="text-ink-muted text-sm">In a sandbox: what the page loads from elsewhere is missing.</span>
        )}
      </Note>
      {view === "page" ? (
        <iframe
          title={`Page ${path}`}
          sandbox="allow-scripts"
          referrerPolicy="no-referrer"
          src={withQuery("ui-api/preview", { ...owner, path })}
          className="min-h-[320px] w-full flex-1 bg-[#fff]"
        />
      ) : (
        <TextView url={url} />
      )}
    </div>
  );
}
