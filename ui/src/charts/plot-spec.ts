import type { LatestValues, SeriesX } from "../api/series.ts";
import { areWhole, type Ends, type Range, withEnds, xRange, yRange } from "./axes.ts";
import type { Variant } from "./run-colour.ts";
import { type Band, type Points, withoutOutliers } from "./series-math.ts";

/** A line of a chart: of a run or of a group. */
export interface PlotLine {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
  /** The dash, which distinguishes lines of one colour. */
  readonly variant: Variant;
  /** Drawn strongly. */
  readonly points: Points;
  /** The logged points, drawn faintly behind smoothed `points`. */
  readonly faint?: Points | undefined;
  /** Mean ± standard deviation, drawn as an area behind the line. */
  readonly band?: Band | undefined;
  /** The latest value by step, whatever x is. For a group, the mean of the latest values of its runs. */
  readonly last: number;
  /** The numbers of runs in a group's mean. */
  readonly group?: GroupFacts;
}

/** The runs behind the mean line of a group. */
export interface GroupFacts {
  /** The position of the group among the groups. */
  readonly index: number;
  /** The number of runs that have the metric, and the number of them in the line. */
  readonly runs: number;
  readonly read: number;
  /** The number of live runs whose newest points are not in `latest`. */
  readonly stale: number;
  /** The number of runs in the mean of each point. Runs that ended before are not in it. */
  readonly counts: Float64Array;
  readonly latest?: LatestValues;
}

export interface PlotSpec {
  readonly lines: readonly PlotLine[];
  readonly x: SeriesX;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
  readonly zoom?: Range | undefined;
  /** The ends of the axes. Zooming out leads to these ends. */
  readonly xEnds?: Ends | undefined;
  readonly yEnds?: Ends | undefined;
  /** Leaves values beyond the middle 98 % out of the automatic range of the vertical axis. */
  readonly isRobust?: boolean | undefined;
  /** The heights of reference lines, which the axis includes. */
  readonly marks?: readonly number[] | undefined;
}

/** The logged points, which smoothing has not changed. */
const logged = ({ points, faint }: PlotLine) => faint ?? points;

/** Which axes have ticks at integers only. */
export interface WholeAxes {
  readonly x: boolean;
  readonly y: boolean;
}

/** The axes whose values are all integers, such as epochs or counts. */
export function wholeAxes({ lines, x }: PlotSpec): WholeAxes {
  return {
    x: x === "step" || (x.startsWith("metric:") && lines.every((line) => areWhole(logged(line).x))),
    y: lines.every((line) => areWhole(logged(line).values)),
  };
}

/** The whole range of the horizontal axis: the reader's choice, or the range of the lines. */
export function widthRange({ lines, x, isLogX, xEnds }: PlotSpec): Range {
  const all = lines.flatMap(({ points, faint }) => (faint ? [points, faint] : [points]));
  return withEnds(xRange(all, x, isLogX), xEnds, isLogX);
}

/** The range of the vertical axis: the reader's choice, or the range of lines, bands and reference lines. */
export function heightRange({ lines, marks = [], isLogY, yEnds, isRobust = false }: PlotSpec, x: Range): Range {
  const drawn = lines.flatMap(({ points, faint, band }) => [
    points,
    ...(faint ? [faint] : []),
    ...(band
      ? [
          { x: band.x, values: band.low },
          { x: band.x, values: band.high },
        ]
      : []),
  ]);
  const marked = { x: Float64Array.from(marks, () => x[0]), values: Float64Array.from(marks) };
  return withEnds(yRange([...(isRobust ? withoutOutliers(drawn, x) : drawn), marked], x, isLogY), yEnds, isLogY);
}
