import type { KeySlice } from "./block.ts";
import type { Points } from "./points.ts";
import { type Int64Column, isSortedDistinct, type Series, SeriesBuilder, slice, sortedDistinct } from "./series.ts";

/**
 * Sorts the points of batches by key id and then in the series' order, every point once. Within a key the batches keep
 * their sequence, so that points logged in order are never compared twice.
 * @param idByKey the ids of all keys in the batches
 */
export function* groupByKey(batches: readonly Points[], idByKey: ReadonlyMap<string, number>): Generator<KeySlice> {
  const { keyIds, starts, places } = placesByKey(batches, idByKey);
  const count = starts[keyIds.length]!;
  const grouped: Series = {
    timestamps: scatter(
      batches.map((batch) => batch.timestamps),
      places,
      count,
    ),
    steps: scatter(
      batches.map((batch) => batch.steps),
      places,
      count,
    ),
    values: scatterDoubles(
      batches.map((batch) => batch.values),
      places,
      new Float64Array(count),
    ),
  };
  for (let slot = 0; slot < keyIds.length; slot++) {
    const keyId = keyIds[slot]!;
    const from = starts[slot]!;
    const to = starts[slot + 1]!;
    if (isSortedDistinct(grouped, from, to)) yield { keyId, series: grouped, from, to };
    else {
      const series = sortedDistinct(slice(grouped, from, to));
      yield { keyId, series, from: 0, to: series.values.length };
    }
  }
}

/** The points of one key in the batches, in the series' order, every point once. */
export function seriesOfKey(batches: Iterable<Points>, key: string): Series {
  const series = new SeriesBuilder();
  for (const batch of batches) {
    const keyNumber = batch.keys.indexOf(key);
    const { keyIndex } = batch;
    for (let from = 0; from < keyIndex.length; from++) {
      if (keyIndex[from] !== keyNumber) continue;
      let to = from + 1;
      while (keyIndex[to] === keyNumber) to++;
      series.append(batch, from, to);
      from = to;
    }
  }
  return sortedDistinct(series.view());
}

/** The points of every key in the batches, in the series' order, every point once. */
export function seriesByKey(batches: readonly Points[]): Map<string, Series> {
  const keys = [...new Set(batches.flatMap((batch) => batch.keys))];
  const idByKey = new Map(keys.map((key, index) => [key, index]));
  const series = new Map<string, Series>();
  for (const { keyId, series: grouped, from, to } of groupByKey(batches, idByKey)) {
    series.set(keys[keyId]!, slice(grouped, from, to));
  }
  return series;
}

/** A counting sort: where each point of each batch goes, and where each key's points start. */
function placesByKey(batches: readonly Points[], idByKey: ReadonlyMap<string, number>) {
  const idsOfBatches = batches.map((batch) => Uint32Array.from(batch.keys, (key) => idByKey.get(key)!));
  const keyIds = Uint32Array.from(new Set(idsOfBatches.flatMap((ids) => [...ids]))).sort();
  const slotById = new Map(Array.from(keyIds, (id, slot) => [id, slot]));
  const slotsOfBatches = idsOfBatches.map((ids) => Uint32Array.from(ids, (id) => slotById.get(id)!));
  const starts = new Uint32Array(keyIds.length + 1);
  batches.forEach(({ keyIndex }, batch) => {
    const slots = slotsOfBatches[batch]!;
    for (let at = 0; at < keyIndex.length; at++) starts[slots[keyIndex[at]!]! + 1]!++;
  });
  for (let slot = 0; slot < keyIds.length; slot++) starts[slot + 1]! += starts[slot]!;
  const next = starts.slice();
  const places = batches.map(({ keyIndex }, batch) => {
    const slots = slotsOfBatches[batch]!;
    const placesOfBatch = new Uint32Array(keyIndex.length);
    for (let at = 0; at < keyIndex.length; at++) placesOfBatch[at] = next[slots[keyIndex[at]!]!]!++;
    return placesOfBatch;
  });
  return { keyIds, starts, places };
}

function scatter(columns: readonly Int64Column[], places: readonly Uint32Array[], count: number): Int64Column {
  if (columns.every((column) => column instanceof Float64Array)) {
    return scatterDoubles(columns, places, new Float64Array(count));
  }
  const target = new BigInt64Array(count);
  columns.forEach((column, batch) => {
    const placesOfBatch = places[batch]!;
    for (let at = 0; at < column.length; at++) target[placesOfBatch[at]!] = BigInt(column[at]!);
  });
  return target;
}

function scatterDoubles(columns: readonly Float64Array[], places: readonly Uint32Array[], target: Float64Array) {
  columns.forEach((column, batch) => {
    const placesOfBatch = places[batch]!;
    for (let at = 0; at < column.length; at++) target[placesOfBatch[at]!] = column[at]!;
  });
  return target;
}
