import { classNames } from "../parts/class-names.ts";
import { type ChartRun, runNames } from "./chart-lines.ts";
import type { ChartSettings } from "./chart-settings.ts";
import type { HoverStore } from "./hover.ts";
import { LineMark } from "./line-mark.tsx";
import { lineSwitches, PRESS_HINT } from "./line-switches.ts";
import { RUN_COLOURS, type RunStyle } from "./run-colour.ts";

interface RunLegendProps {
  runs: readonly ChartRun[];
  styles: ReadonlyMap<string, RunStyle>;
  settings: ChartSettings;
  hover: HoverStore;
}

/** The runs of the lines, for pages without a table beside the charts. */
export function RunLegend({ runs, styles, settings, hover }: RunLegendProps) {
  const names = runNames(runs);
  const { off, press } = lineSwitches(
    settings,
    runs.map(({ id }) => id),
  );
  return (
    <ul
      aria-label="Runs"
      className="mt-2 flex max-h-14 flex-wrap gap-x-4 gap-y-0.5 overflow-y-auto"
      onPointerLeave={() => hover.pointAtLine(undefined)}
    >
      {runs.map(({ id, experimentId }) => (
        <li
          key={id}
          className={classNames("flex h-6 min-w-0 items-center gap-1", off.has(id) && "text-ink-faint")}
          onPointerEnter={() => hover.pointAtLine(id)}
        >
          <button
            type="button"
            aria-pressed={!off.has(id)}
            aria-label={`Show ${names.get(id)}`}
            title={PRESS_HINT}
            className={classNames("flex size-6 shrink-0 items-center", off.has(id) && "opacity-30")}
            onClick={(event) => press(id, event)}
          >
            <LineMark {...(styles.get(id) ?? { colour: RUN_COLOURS[0], variant: 0 })} />
          </button>
          <a
            href={`#/experiments/${experimentId}/runs/${id}`}
            title={names.get(id)}
            className="max-w-60 truncate text-inherit"
          >
            <bdi>{names.get(id)}</bdi>
          </a>
        </li>
      ))}
    </ul>
  );
}
