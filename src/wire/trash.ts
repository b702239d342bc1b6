import { TRASH_KINDS, type Trashed, type TrashKind } from "../domain/trash.ts";

/** The fields of an answer that lists things in the trash: one field per kind. */
const LISTS = { run: "runs", logged_model: "logged_models", experiment: "experiments" } as const;

/** Things by their kinds, as `{"experiments":[…],"runs":[…],"logged_models":[…]}`. */
export function byKind<T>(things: readonly T[], thingOf: (item: T) => Trashed, toWire: (item: T) => object): object {
  return Object.fromEntries(
    TRASH_KINDS.map((kind) => [
      LISTS[kind],
      things.filter((item) => thingOf(item).kind === kind).map((item) => toWire(item)),
    ]),
  );
}

/** Counts or ids by their kinds. */
export function eachKind<T>(of: Readonly<Record<TrashKind, T>>): object {
  return Object.fromEntries(TRASH_KINDS.map((kind) => [LISTS[kind], of[kind]]));
}

/** A thing in the trash, in the shape that all answers share. */
export function trashedToWire({ kind, id, name, experimentId, deletedTimeMs, runs, loggedModels }: Trashed): object {
  const deleted = deletedTimeMs === 0 ? {} : { deleted_time: deletedTimeMs };
  switch (kind) {
    case "run":
      return { run_id: id, run_name: name, experiment_id: experimentId, ...deleted };
    case "logged_model":
      return { model_id: id, name, experiment_id: experimentId, ...deleted };
    case "experiment":
      return { experiment_id: id, name, run_count: runs, logged_model_count: loggedModels, ...deleted };
  }
}
