/** One metric of one run for a chart, ordered by x. */
export interface Series {
  run_id: string;
  key: string;
  /** The number of points in the range. It equals the length of `x` if the series is complete. */
  total: number;
  /** The zero of x, in ms since 1970: 0 unless x is relative. */
  origin: number;
  /**
   * All points, or for each bucket the first, the last, the least and the greatest point, and one NaN, one Infinity and one
   * −Infinity, if any.
   */
  x: Float64Array;
  values: Float64Array;
  /** If the series is not complete: each bucket's mean and its x, for smoothing. Otherwise empty. */
  mean_x: Float64Array;
  means: Float64Array;
  /** If points with the same x were merged into their mean: the standard deviation of each value. Otherwise empty. */
  spreads: Float64Array;
  /** MLflow's latest point: the point that was logged last at the greatest step. */
  last: { step: number; value: number } | undefined;
}

/** Statistics of the latest values of a group's runs. `std` is the sample standard deviation. */
export interface LatestValues {
  count: number;
  mean: number;
  std: number;
  min: number;
  max: number;
}

/** One metric of a group of runs, ordered by x. */
export interface GroupSeries {
  /** The group's number in the request. */
  group: number;
  key: string;
  /** How many of its runs have the metric, and of how many of these the curve is. */
  runs: number;
  read: number;
  /** How many of its live runs did not tell their newest points, of any metric. */
  stale: number;
  /** Of all its runs; undefined if no run has a finite value. */
  latest?: LatestValues;
  x: Float64Array;
  means: Float64Array;
  /** Standard deviations, as of a sample. */
  spreads: Float64Array;
  /** The number of runs in each mean. Runs that ended before are not in it. */
  counts: Float64Array;
}

interface Directory {
  run_id: string;
  series: {
    key: string;
    total: number;
    origin: number;
    points: number;
    means: number;
    spreads: number;
    last: number;
  }[];
}

interface GroupDirectory {
  group: number;
  series: (Pick<GroupSeries, "key" | "runs" | "read" | "stale" | "latest"> & { points: number })[];
}

/** Frames, one a run (docs/ui-api.md): the arrays are views of `bytes`. */
export function parseSeries(bytes: ArrayBuffer): Series[] {
  return eachFrame<Directory, Series>(bytes, ({ run_id, series }, column) =>
    series.map(({ points, means, spreads, last, ...of }) => ({
      run_id,
      ...of,
      ...{ x: column(points), values: column(points) },
      ...{ mean_x: column(means), means: column(means), spreads: column(spreads) },
      last: pointOf(column(last)),
    })),
  );
}

function pointOf([step, value]: Float64Array): Series["last"] {
  return step === undefined || value === undefined ? undefined : { step, value };
}

/** Frames, one a group. */
export function parseGroupSeries(bytes: ArrayBuffer): GroupSeries[] {
  return eachFrame<GroupDirectory, GroupSeries>(bytes, ({ group, series }, column) =>
    series.map(({ points, ...of }) => ({
      group,
      ...of,
      ...{ x: column(points), means: column(points), spreads: column(points), counts: column(points) },
    })),
  );
}

/** @param read reads a frame's JSON, and takes its columns in order. */
function eachFrame<Head, Held>(
  bytes: ArrayBuffer,
  read: (head: Head, column: (length: number) => Float64Array<ArrayBuffer>) => Held[],
): Held[] {
  const all: Held[] = [];
  const view = new DataView(bytes);
  for (let frame = 0; frame < bytes.byteLength; frame += view.getUint32(frame, true)) {
    const jsonBytes = view.getUint32(frame + 4, true);
    const json = new TextDecoder().decode(new Uint8Array(bytes, frame + 8, jsonBytes));
    let at = frame + ((8 + jsonBytes + 7) & ~7);
    const column = (length: number): Float64Array<ArrayBuffer> => {
      const doubles = new Float64Array(bytes, at, length);
      at += doubles.byteLength;
      return doubles;
    };
    all.push(...read(JSON.parse(json) as Head, column));
  }
  return all;
}
