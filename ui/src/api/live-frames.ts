/** Points of one metric that the server has just acknowledged, in the order they were logged. */
export interface LivePoints {
  run_id: string;
  key: string;
  steps: number[];
  /** In ms since 1970. */
  timestamps: number[];
  values: number[];
}

const HEADER_BYTES = 16;
/** The double that the server stores for an infinity, as MLflow does. */
const INFINITY = Number.MAX_VALUE;

/** Consecutive frames (docs/storage.md, "A frame"). Each frame has the points of one request. */
export function parsePoints(runId: string, bytes: ArrayBuffer): LivePoints[] {
  const byKey = new Map<string, LivePoints>();
  const view = new DataView(bytes);
  for (let frame = 0; frame < bytes.byteLength; frame += view.getUint32(frame + 4, true)) {
    const flags = view.getUint8(frame + 1);
    const count = view.getUint32(frame + 8, true);
    const directory = frame + HEADER_BYTES + 24 * count;
    const encodedKeys = new Uint8Array(bytes, directory + 4 * count, view.getUint32(frame + 12, true) - 4 * count);
    const keys = JSON.parse(new TextDecoder().decode(encodedKeys)) as string[];
    const integer = (column: number, isWide: number, index: number): number => {
      const at = frame + HEADER_BYTES + 8 * (count * column + index);
      return isWide ? Number(view.getBigInt64(at, true)) : view.getFloat64(at, true);
    };
    for (let index = 0; index < count; index++) {
      const key = keys[view.getUint32(directory + 4 * index, true)] ?? "";
      let points = byKey.get(key);
      if (points === undefined) {
        points = { run_id: runId, key, steps: [], timestamps: [], values: [] };
        byKey.set(key, points);
      }
      points.timestamps.push(integer(0, flags & 1, index));
      points.steps.push(integer(1, flags & 2, index));
      const value = view.getFloat64(frame + HEADER_BYTES + 8 * (2 * count + index), true);
      points.values.push(Math.abs(value) === INFINITY ? Math.sign(value) * Number.POSITIVE_INFINITY : value);
    }
  }
  return [...byKey.values()];
}
