import type { PurgeScope, PurgeSize, TrashedThing, TrashKind } from "../../api/trash.ts";
import { formatCount } from "../../parts/format.ts";

const NOUNS: Record<TrashKind, readonly [string, string]> = {
  run: ["run", "runs"],
  experiment: ["experiment", "experiments"],
  logged_model: ["logged model", "logged models"],
};

export function countOf(count: number, [one, many]: readonly [string, string]): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `3 runs` */
export const thingsText = (kind: TrashKind, count: number): string => countOf(count, NOUNS[kind]);

/** What a purge deletes, in words: `1 experiment, 40 runs, 2 logged models`. */
export function sizeText({ experiments, runs, loggedModels }: PurgeSize): string {
  const parts = [
    experiments > 0 && thingsText("experiment", experiments),
    runs > 0 && thingsText("run", runs),
    loggedModels > 0 && thingsText("logged_model", loggedModels),
  ].filter(Boolean);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

const FIELDS = { run: "run_ids", experiment: "experiment_ids", logged_model: "logged_model_ids" } as const;

export const scopeOf = (kind: TrashKind, things: readonly Pick<TrashedThing, "id">[]): PurgeScope => ({
  [FIELDS[kind]]: things.map(({ id }) => id),
});
