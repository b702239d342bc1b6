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
}

interface Directory {
  run_id: string;
  series: { key: string; total: number; origin: number; points: number; means: number }[];
}

/** Frames, one a run (docs/ui-api.md): the arrays are views of `bytes`. */
export function parseSeries(bytes: ArrayBuffer): Series[] {
  const all: Series[] = [];
  const view = new DataView(bytes);
  for (let frame = 0; frame < bytes.byteLength; frame += view.getUint32(frame, true)) {
    const jsonBytes = view.getUint32(frame + 4, true);
    const json = new TextDecoder().decode(new Uint8Array(bytes, frame + 8, jsonBytes));
    const { run_id, series } = JSON.parse(json) as Directory;
    let at = frame + ((8 + jsonBytes + 7) & ~7);
    const column = (length: number): Float64Array => {
      const doubles = new Float64Array(bytes, at, length);
      at += doubles.byteLength;
      return doubles;
    };
    for (const { points, means, ...of } of series) {
      all.push({
        run_id,
        ...of,
        ...{ x: column(points), values: column(points) },
        ...{ mean_x: column(means), means: column(means) },
      });
    }
  }
  return all;
}
