import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type ArtifactRoot, artifactUrl } from "../../api/artifacts.ts";
import { getText } from "../../api/client.ts";
import { classNames } from "../../parts/class-names.ts";
import { Markdown } from "../../parts/markdown.tsx";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { colouredLines, TOKEN_CLASSES, type Token } from "../../parts/syntax.ts";
import { ansiTokens } from "./ansi.ts";
import { Note } from "./note.tsx";
import { type NotebookCell, type NotebookOutput, readNotebook } from "./notebook.ts";
import { useView } from "./shown-place.ts";
import { TextView } from "./text-view.tsx";
import { ViewSwitch } from "./view-switch.tsx";

/** Larger notebooks are shown as text. */
const MAX_BYTES = 20_000_000;
/** Longer outputs are cut: a cell may have printed for days. */
const MAX_LINES = 500;

interface NotebookViewProps {
  root: ArtifactRoot;
  path: string;
  /** In bytes. */
  size: number;
}

/** A notebook with its outputs. HTML output is shown as text. */
export default function NotebookView({ root, path, size }: NotebookViewProps) {
  const url = artifactUrl(root, path);
  const file = useQuery({
    queryKey: ["artifacts", "notebook", url],
    queryFn: async ({ signal }) => readNotebook(parsed(await getText(url, undefined, signal))) ?? null,
    enabled: size <= MAX_BYTES,
    structuralSharing: false,
  });
  const [view, setView] = useView(["page", "source"] as const);
  if (file.error !== null) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={() => void file.refetch()} />;
  }
  if (size > MAX_BYTES || file.data === null) return <TextView url={url} path={path} />;
  if (file.data === undefined) return <SkeletonRows rows={10} />;
  const { cells, extension } = file.data;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <ViewSwitch views={["page", "source"]} view={view} onView={setView} />
      </Note>
      {view === "source" ? (
        <TextView url={url} path={path} />
      ) : (
        <section
          aria-label="Notebook"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
          tabIndex={0}
          className="flex min-h-0 flex-1 flex-col gap-3 overflow-auto p-4 -outline-offset-2"
        >
          {cells.map((cell, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the cells of a file have no identity but their place
            <Cell key={index} cell={cell} extension={extension} />
          ))}
        </section>
      )}
    </div>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function Cell({ cell: { kind, source, count, outputs }, extension }: { cell: NotebookCell; extension: string }) {
  if (kind === "markdown") return <Markdown text={source} className="max-w-[100ch] wide:ml-14" />;
  return (
    <div className="grid min-w-0 gap-x-2 wide:grid-cols-[48px_minmax(0,1fr)]">
      <span className="pt-2 text-right font-mono text-ink-muted text-sm">
        {count === undefined ? "" : `[${count}]`}
      </span>
      <div className="flex min-w-0 flex-col gap-2">
        {source !== "" && (
          <pre className="overflow-x-auto rounded border border-line bg-surface px-3 py-2 font-mono text-sm">
            {kind === "code" ? <Code text={source} extension={extension} /> : source}
          </pre>
        )}
        {outputs.map((output, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <Output key={index} output={output} />
        ))}
      </div>
    </div>
  );
}

function Code({ text, extension }: { text: string; extension: string }) {
  const lines = useMemo(() => {
    const tokens = colouredLines(text, extension);
    return text.split("\n").map((_, index) => tokens(index));
  }, [text, extension]);
  return <TokenLines lines={lines} />;
}

function Output({ output }: { output: NotebookOutput }) {
  if (output.kind === "image") {
    return <img src={output.url} alt="Output of the cell" className="max-w-full self-start bg-white" />;
  }
  if (output.kind === "markdown") return <Markdown text={output.text} />;
  const lines = output.text.replace(/\n$/, "").split("\n");
  return (
    <pre
      className={classNames(
        "overflow-x-auto px-3 font-mono text-sm",
        output.isError && "border-danger border-l-2 bg-danger-surface py-1",
      )}
    >
      <TokenLines lines={lines.slice(0, MAX_LINES).map(ansiTokens)} />
      {lines.length > MAX_LINES && `\n… ${lines.length - MAX_LINES} more lines`}
    </pre>
  );
}

function TokenLines({ lines }: { lines: readonly (readonly Token[])[] }) {
  return lines.map((tokens, line) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
    <span key={line}>
      {line > 0 && "\n"}
      {tokens.map(({ text, kind }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <span key={at} className={kind && TOKEN_CLASSES[kind]}>
          {text}
        </span>
      ))}
    </span>
  ));
}
