import { useQueries, useQuery } from "@tanstack/react-query";
import { type ArtifactRoot, artifactListQuery, artifactUrl } from "../../api/artifacts.ts";
import { runQuery } from "../../api/runs.ts";
import { runColour } from "../../charts/run-colour.ts";
import { EmptyState } from "../../parts/states.tsx";
import { imageAt, imageSeries, type SeriesImage } from "./image-series.ts";
import { Note } from "./note.tsx";

type Root = Exclude<ArtifactRoot, { kind: "model-version" }>;

interface ImageSeriesViewProps {
  root: Root;
  folder: string;
  /** Only this series; all of the folder without it. */
  onlyKey?: string | undefined;
  otherRunIds: readonly string[];
  step: number | undefined;
  onStep: (step: number) => void;
}

/** Images logged by step under a slider; with other runs, one row a series and one column a run. */
export function ImageSeriesView({ root, folder, onlyKey, otherRunIds, step, onStep }: ImageSeriesViewProps) {
  const roots: Root[] = [root, ...otherRunIds.map((runId) => ({ kind: "run" as const, runId }))];
  const lists = useQueries({ queries: roots.map((one) => artifactListQuery(one, folder)) });
  const series = lists.map((list) => imageSeries(list.data?.files ?? []));
  const keys = [...new Set(series.flatMap((byKey) => [...byKey.keys()]))]
    .filter((key) => onlyKey === undefined || key === onlyKey)
    .sort();
  const steps = [
    ...new Set(series.flatMap((byKey) => keys.flatMap((key) => (byKey.get(key) ?? []).map((image) => image.step)))),
  ].sort((a, b) => a - b);
  const last = steps.at(-1);
  if (last === undefined) return <EmptyState title="No images here" />;
  const shown = step ?? last;
  const index = Math.max(
    0,
    steps.findLastIndex((one) => one <= shown),
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <label className="flex min-w-0 flex-1 items-center gap-2">
          <span className="shrink-0">Step {steps[index]}</span>
          <input
            type="range"
            min={0}
            max={steps.length - 1}
            value={index}
            disabled={steps.length === 1}
            aria-label="Step"
            aria-valuetext={`Step ${steps[index]}`}
            onChange={({ target }) => {
              const next = steps[Number(target.value)];
              if (next !== undefined) onStep(next);
            }}
            className="min-w-0 max-w-96 flex-1 accent-accent"
          />
          <span className="shrink-0 text-ink-muted text-sm">{steps.length} steps</span>
        </label>
      </Note>
      <section
        aria-label="Images"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto p-3 -outline-offset-2"
      >
        {keys.map((key) => (
          <div key={key} className="mb-4">
            <h3 className="mb-1 font-medium wrap-anywhere">{key}</h3>
            <div className="grid grid-cols-[repeat(auto-fill,minmax(220px,1fr))] gap-3">
              {roots.map((one, column) => (
                <SeriesCell
                  key={one.kind === "run" ? one.runId : one.modelId}
                  root={one}
                  image={imageAt(series[column]?.get(key) ?? [], shown)}
                  isNamed={roots.length > 1}
                  isLoading={lists[column]?.isPending ?? false}
                />
              ))}
            </div>
          </div>
        ))}
      </section>
    </div>
  );
}

interface SeriesCellProps {
  root: Root;
  image: SeriesImage | undefined;
  isNamed: boolean;
  isLoading: boolean;
}

function SeriesCell({ root, image, isNamed, isLoading }: SeriesCellProps) {
  const runId = root.kind === "run" ? root.runId : "";
  const run = useQuery({ ...runQuery(runId), enabled: isNamed && runId !== "" });
  const name = run.data?.info.run_name ?? runId;
  return (
    <figure className="flex min-w-0 flex-col gap-1">
      {image === undefined ? (
        <div className="flex min-h-24 items-center justify-center border border-line text-ink-muted text-sm">
          {isLoading ? "Loading…" : "No image yet at this step"}
        </div>
      ) : (
        <a href={artifactUrl(root, image.path)} download title={`Download ${image.key} of step ${image.step}`}>
          <img
            src={artifactUrl(root, image.path)}
            alt={`${image.key}, step ${image.step}`}
            className="min-h-24 w-full border border-line object-contain [image-rendering:pixelated]"
          />
        </a>
      )}
      <figcaption className="flex min-w-0 items-center gap-1.5 text-ink-muted text-sm">
        {isNamed && (
          <>
            <span aria-hidden className="size-2 shrink-0 rounded-full" style={{ backgroundColor: runColour(runId) }} />
            <span title={name} className="min-w-0 truncate">
              {name}
            </span>
          </>
        )}
        {image !== undefined && <span className="shrink-0">step {image.step}</span>}
      </figcaption>
    </figure>
  );
}
