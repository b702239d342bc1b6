/** One metric of one run for a chart, ordered by x. */
export interface Series {
  run_id: string;
  key: string;
  /** How many points the range has; as many as `x` where all are here. */
  total: number;
  /** What x counts from, in ms since 1970: 0 unless x is relative. */
  origin: number;
  /**
   * All points, or of each bucket the first, the last, the least and the greatest, and where it has them a NaN, an
   * Infinity and a −Infinity.
   */
  x: Float64Array;
  values: Float64Array;
  /** Where not all points are here: of each bucket the mean, and its x, to be smoothed. Else empty. */
  mean_x: Float64Array;
  means: Float64Array;
  /** Where points of one x were joined by their mean, the standard deviation of each value; else empty. */
  spreads: Float64Array;
  /** The latest point, as MLflow means it: of the greatest step the one logged last. */
  last: { step: number; value: number } | undefined;
}

/** What the latest values of a group's runs have in common; `std` is of the sample. */
export interface LatestValues {
  count: number;
  mean: number;
  std: number;
  min: number;
  max: number;
}

/** One metric of a group of runs, ordered by x. */
export interface GroupSeries {
  /** Its number in the question. */
  group: number;
  key: string;
  /** How many of its runs have the metric, and of how many of these the curve is. */
  runs: number;
  read: number;
  /** Of all its runs; missing where none has a finite value. */
  latest?: LatestValues;
  x: Float64Array;
  means: Float64Array;
  /** Standard deviations, as of a sample. */
  spreads: Float64Array;
  /** How many runs each mean is of: those that have ended before are not. */
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
  series: (Pick<GroupSeries, "key" | "runs" | "read" | "latest"> & { points: number })[];
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

/** @param read makes of a frame's JSON what it holds; it takes the columns in their order. */
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
