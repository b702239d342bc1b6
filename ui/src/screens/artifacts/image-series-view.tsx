import { useQueries } from "@tanstack/react-query";
import { artifactListQuery } from "../../api/artifacts.ts";
import { EmptyState } from "../../parts/states.tsx";
import { imageAt, imageSeries } from "./image-series.ts";
import { Note } from "./note.tsx";
import { ImageGrid, ImagePane, type ImagesProps, RunImage, rootId, rootsBeside } from "./run-image.tsx";
import { useShownPlace } from "./shown-place.ts";

interface ImageSeriesViewProps extends ImagesProps {
  folder: string;
  /** Shows only this series; if absent, all series of the folder. */
  onlyKey?: string | undefined;
  /** The step to show if the address has none. The default is the last step. */
  initialStep?: number | undefined;
}

/** Images that were logged by step, with a slider. With other runs, each series has a row and each run a column. */
export function ImageSeriesView(props: ImageSeriesViewProps) {
  const { root, folder, onlyKey, otherRunIds, initialStep, imageControls } = props;
  const place = useShownPlace();
  const roots = rootsBeside(root, otherRunIds);
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
  const shown = place.step ?? initialStep ?? last;
  const index = Math.max(
    0,
    steps.findLastIndex((one) => one <= shown),
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <label className="flex min-w-40 flex-1 items-center gap-2">
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
              if (next !== undefined) place.change({ step: next });
            }}
            className="min-w-0 max-w-96 flex-1 accent-accent"
          />
          <span className="shrink-0 text-ink-muted text-sm">
            {steps.length} {steps.length === 1 ? "step" : "steps"}
          </span>
        </label>
        {imageControls}
      </Note>
      <ImagePane>
        {keys.map((key) => (
          <div key={key} className="mb-4">
            <h3 className="mb-1 font-medium wrap-anywhere">{key}</h3>
            <ImageGrid>
              {roots.map((one, column) => {
                const image = imageAt(series[column]?.get(key) ?? [], shown);
                return (
                  <RunImage
                    key={rootId(one)}
                    root={one}
                    path={image?.path}
                    label={`${key}, step ${image?.step}`}
                    emptyText={lists[column]?.isPending ? "Loading…" : "No image yet at this step"}
                    isNamed={roots.length > 1}
                    caption={image && `step ${image.step}`}
                  />
                );
              })}
            </ImageGrid>
          </div>
        ))}
      </ImagePane>
    </div>
  );
}
