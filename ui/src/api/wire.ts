/* Shapes that several of MLflow's entities share, as its REST API spells them. */

export interface KeyValue {
  key: string;
  value: string;
}

/** Protobuf's JSON spells the doubles that JSON lacks as strings. */
export type WireDouble = number | "NaN" | "Infinity" | "-Infinity";

export type LifecycleStage = "active" | "deleted";

/** The lifecycle stages that a search covers. */
export type ViewType = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";

export interface FileInfo {
  /** Relative to the root of the run's or model's artifacts. */
  path: string;
  is_dir: boolean;
  /** In bytes; absent for folders. */
  file_size?: number;
}

/** The parameters of the searches of registered models and of model versions. */
export interface RegistrySearch {
  filter?: string;
  order_by?: string[];
  max_results?: number;
  page_token?: string;
}

/** The tag with a run's own colour, `#rrggbb`. MLflow's UI uses the same tag. */
export const COLOUR_TAG = "mlflow.runColor";

/** The tag that holds a run's or experiment's description, in markdown. */
export const NOTE_TAG = "mlflow.note.content";

/** The value of a metric. MLflow stores an infinity as the greatest double, which becomes an infinity again. */
export function toDouble(value: WireDouble): number {
  const number = Number(value);
  return Math.abs(number) === Number.MAX_VALUE ? Math.sign(number) * Number.POSITIVE_INFINITY : number;
}

/** The value of a tag or parameter in a list of pairs. */
export function valueFor(pairs: readonly KeyValue[] | undefined, key: string): string | undefined {
  return pairs?.find((pair) => pair.key === key)?.value;
}
