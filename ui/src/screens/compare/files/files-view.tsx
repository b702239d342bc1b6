import { useQuery } from "@tanstack/react-query";
import { FileText, Film, Image, Images } from "lucide-react";
import { useMemo, useState } from "react";
import { artifactUrl } from "../../../api/artifacts.ts";
import { classNames } from "../../../parts/class-names.ts";
import { formatCount } from "../../../parts/format.ts";
import { SplitPane } from "../../../parts/split-pane.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../../parts/states.tsx";
import { folderOf, kindOf } from "../../artifacts/file-kinds.ts";
import { seriesImage } from "../../artifacts/image-series.ts";
import { ImageSeriesView } from "../../artifacts/image-series-view.tsx";
import { MediaView } from "../../artifacts/media-view.tsx";
import { ImageGrid, ImagePane, ImagesBeside } from "../../artifacts/run-image.tsx";
import { ShownPlaceContext } from "../../artifacts/shown-place.ts";
import { TextView } from "../../artifacts/text-view.tsx";
import type { ComparedRun } from "../compared-run.ts";
import type { PlotProps } from "../plot-parts.tsx";
import { RunLink } from "../run-link.tsx";
import { findSharedFiles, MAX_LOOKED, type SharedFile } from "./shared-files.ts";
import { TextDiffView } from "./text-diff-view.tsx";

type FilesViewProps = Pick<PlotProps, "runs" | "search" | "change"> & {
  /** The place of the run that the others are compared with. */
  baseline: number;
};

/** Files with the same names in several runs: texts with their differences, and images, sounds and videos side by side. */
export function FilesView({ runs, baseline, search, change }: FilesViewProps) {
  // The baseline's files are always listed.
  const looked = useMemo(
    () => [runs[baseline]!, ...runs.filter((_, index) => index !== baseline)].slice(0, MAX_LOOKED),
    [runs, baseline],
  );
  const ids = looked.map(({ id }) => id);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["artifacts", "shared", ids],
    queryFn: ({ signal }) => findSharedFiles(ids, signal),
  });
  if (isPending) return <SkeletonRows rows={10} />;
  if (data === undefined) {
    return <ErrorState title="The files could not be listed" error={error} onRetry={() => void refetch()} />;
  }
  const files = data.files.filter(({ kind }) => kind !== "other");
  if (files.length === 0) {
    return (
      <EmptyState title="No files to compare">
        {runs.length > MAX_LOOKED
          ? `The first ${MAX_LOOKED} of the ${formatCount(runs.length)} runs have no texts, images or media. Choose fewer runs to look into others.`
          : "None of these runs has texts, images or media."}
      </EmptyState>
    );
  }
  const file = files.find(({ name }) => name === search.file) ?? files.find(({ differs }) => differs) ?? files[0]!;
  return (
    <SplitPane
      label="Width of the list of files"
      settingName="compare.files"
      initial={300}
      first={
        <nav
          aria-label="Files"
          className="flex max-h-60 min-h-0 flex-col overflow-y-auto py-1 wide:max-h-none wide:flex-1"
        >
          {files.map((one) => (
            <FileLine
              key={one.name}
              file={one}
              of={looked.length}
              isChosen={one === file}
              onChoose={() => change({ file: one.name, step: undefined })}
            />
          ))}
          {(data.isCut || runs.length > MAX_LOOKED) && (
            <p className="px-3 py-2 text-ink-muted text-sm wide:px-4">
              {runs.length > MAX_LOOKED &&
                `The files of ${MAX_LOOKED} of ${formatCount(runs.length)} runs are listed. `}
              {data.isCut && "Some runs have more folders than were looked into."}
            </p>
          )}
        </nav>
      }
      second={<SharedFileView key={file.name} {...{ file, search, change }} runs={looked} />}
    />
  );
}

const ICONS = { text: FileText, image: Image, series: Images, media: Film, other: FileText };

interface FileLineProps {
  file: SharedFile;
  /** How many runs were looked into. */
  of: number;
  isChosen: boolean;
  onChoose: () => void;
}

function FileLine({ file: { kind, name, runIds, differs }, of, isChosen, onChoose }: FileLineProps) {
  const Icon = ICONS[kind];
  return (
    <button
      type="button"
      aria-current={isChosen}
      onClick={onChoose}
      className={classNames(
        "flex min-h-7 min-w-0 shrink-0 items-center gap-2 px-3 text-left -outline-offset-2 hover:bg-hover wide:px-4",
        isChosen && "bg-selected",
      )}
    >
      <Icon size={14} aria-hidden className="shrink-0 text-ink-muted" />
      <span className="min-w-0 flex-1 truncate" title={name}>
        {name.trimStart()}
      </span>
      {differs && (
        <span className="text-accent" title="Differs">
          ≠<span className="sr-only">differs</span>
        </span>
      )}
      <span className="shrink-0 text-ink-muted text-sm">
        {runIds.length} of {of}
      </span>
    </button>
  );
}

interface SharedFileViewProps extends Pick<PlotProps, "search" | "change"> {
  file: SharedFile;
  /** The runs whose files were listed, the baseline first. */
  runs: readonly ComparedRun[];
}

function SharedFileView({ file, runs, search, change }: SharedFileViewProps) {
  const having = runs.filter(({ id }) => file.runIds.includes(id));
  const [first, ...others] = having;
  if (file.kind === "text") {
    const beside = others.find(({ id }) => id === search.beside) ?? others[0];
    if (first === undefined) return <EmptyState title="No run has this file" />;
    if (beside === undefined) return <LoneText run={first} path={file.path} />;
    return (
      <TextDiffView
        {...{ others, beside }}
        path={file.path}
        baseline={first}
        onBeside={(runId) => change({ beside: runId })}
      />
    );
  }
  const shown = {
    root: { kind: "run" as const, runId: runs[0]!.id },
    otherRunIds: runs.slice(1).map(({ id }) => id),
    imageControls: null,
  };
  return (
    <ShownPlaceContext.Provider value={{ step: search.step, change: ({ step }) => change({ step }), open: () => {} }}>
      {file.kind === "series" ? (
        <ImageSeriesView {...shown} folder={folderOf(file.path)} onlyKey={seriesImage(file.path)?.key} />
      ) : file.kind === "media" ? (
        <MediaBeside runs={having} path={file.path} />
      ) : (
        <ImagesBeside {...shown} path={file.path} />
      )}
    </ShownPlaceContext.Provider>
  );
}

/** A text that only one run has. */
function LoneText({ run, path }: { run: ComparedRun; path: string }) {
  const [place, setPlace] = useState({});
  const shown = useMemo(
    () => ({ ...place, change: (patch: object) => setPlace((before) => ({ ...before, ...patch })), open: () => {} }),
    [place],
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <p className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-2 border-line border-b px-3 text-ink-muted">
        Only <RunLink run={run} /> has this file.
      </p>
      <ShownPlaceContext.Provider value={shown}>
        <TextView url={artifactUrl({ kind: "run", runId: run.id }, path)} path={path} />
      </ShownPlaceContext.Provider>
    </div>
  );
}

/** A sound or a video of several runs. */
function MediaBeside({ runs, path }: { runs: readonly ComparedRun[]; path: string }) {
  return (
    <ImagePane label="Media">
      <ImageGrid>
        {runs.map((run) => (
          <figure key={run.id} className="flex min-w-0 flex-col gap-1">
            <MediaView
              url={artifactUrl({ kind: "run", runId: run.id }, path)}
              name={`${path} of ${run.name}`}
              isVideo={kindOf(path) === "video"}
              isInGrid
            />
            <figcaption className="min-w-0 text-sm">
              <RunLink run={run} />
            </figcaption>
          </figure>
        ))}
      </ImageGrid>
    </ImagePane>
  );
}
