/** A line as points ordered by x. A value that is not finite is a gap. */
export interface Line {
  readonly x: Float64Array;
  readonly values: Float64Array;
}

/** The mean of several lines at each x. */
export interface MeanBand {
  readonly x: Float64Array;
  readonly means: Float64Array;
  /** Sample standard deviations; 0 for one line. */
  readonly spreads: Float64Array;
  /** How many lines each mean covers. */
  readonly counts: Float64Array;
}

const MAX_PLACES = 600;

/**
 * Lines with points at different x are interpolated. A line counts from its first point to its last, so a line that ended
 * early does not count after its end. An x where no line has a value is left out.
 */
export function meanBand(lines: readonly Line[]): MeanBand {
  const places = commonX(lines);
  const [counts, means, squares] = [0, 1, 2].map(() => new Float64Array(places.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (const line of lines) {
    eachValue(line, places, (place, value) => {
      counts[place]! += 1;
      const distance = value - means[place]!;
      means[place]! += distance / counts[place]!;
      squares[place]! += distance * (value - means[place]!);
    });
  }
  const there = Array.from(places.keys()).filter((place) => counts[place]! > 0);
  return {
    x: Float64Array.from(there, (place) => places[place]!),
    means: Float64Array.from(there, (place) => means[place]!),
    spreads: Float64Array.from(there, (place) =>
      counts[place]! > 1 ? Math.sqrt(squares[place]! / (counts[place]! - 1)) : 0,
    ),
    counts: Float64Array.from(there, (place) => counts[place]!),
  };
}

/** Calls `tell` with the line's finite values at the ordered places, in one pass over both. */
function eachValue({ x, values }: Line, places: Float64Array, tell: (place: number, value: number) => void): void {
  let after = 0;
  for (let place = 0; place < places.length; place++) {
    const at = places[place]!;
    while (after < x.length && x[after]! < at) after++;
    if (after === x.length) return;
    let value = values[after]!;
    if (x[after] !== at) {
      if (after === 0) continue;
      const share = (at - x[after - 1]!) / (x[after]! - x[after - 1]!);
      value = values[after - 1]! + share * (value - values[after - 1]!);
    }
    if (Number.isFinite(value)) tell(place, value);
  }
}

/** Every x of the lines; if there are too many, evenly spaced places instead. */
function commonX(lines: readonly Line[]): Float64Array {
  const all = new Set<number>();
  for (const { x } of lines) {
    for (const each of x) all.add(each);
    if (all.size > MAX_PLACES) return evenX(lines);
  }
  return Float64Array.from(all).sort();
}

function evenX(lines: readonly Line[]): Float64Array {
  const ends = lines.flatMap(({ x }) => (x.length > 0 ? [x[0]!, x.at(-1)!] : []));
  const least = ends.reduce((one, other) => Math.min(one, other));
  const greatest = ends.reduce((one, other) => Math.max(one, other));
  const step = (greatest - least) / (MAX_PLACES - 1);
  return Float64Array.from({ length: MAX_PLACES }, (_, index) =>
    index === MAX_PLACES - 1 ? greatest : least + index * step,
  );
}
