import { invalidParameter } from "../domain/errors.ts";
import { type Int64, parseInt64 } from "../domain/int64.ts";
import { shorten } from "../domain/names.ts";
import type { Binder } from "./binder.ts";
import type { Predicate } from "./visibility.ts";

/** This many ids, of any length, stay below D1's 2,000,000 bytes for one bound text. */
const MAX_EXPERIMENT_IDS = 90_000;

/** The SQL test that a column has the id of one of the searched experiments. */
export type ExperimentTest = (column: string, binder: Binder) => string;

/** @throws MlflowError INVALID_PARAMETER_VALUE when `text` is not an integer; an id that no experiment has is fine. */
export function toExperimentId(text: string): Int64 {
  const id = /^-?\d{1,20}$/.test(text) ? parseInt64(text) : undefined;
  if (id === undefined) {
    throw invalidParameter(`Invalid experiment ID ${JSON.stringify(shorten(text))}; expected an integer.`);
  }
  return id;
}

/**
 * The ids, each experiment once.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a text that is not an id, and for too many ids.
 */
export function toExperimentIds(texts: readonly string[]): Int64[] {
  if (texts.length > MAX_EXPERIMENT_IDS) {
    throw invalidParameter(`experiment_ids has ${texts.length} items; at most ${MAX_EXPERIMENT_IDS} are allowed.`);
  }
  return [...new Set(texts.map(toExperimentId))];
}

/** For more experiments than this, the caller's grants are read at once. */
const MAX_FEW = 100;

/** For one experiment the test is an equality, so the index keeps its order. */
export function experimentTest(ids: readonly Int64[], isVisible: Predicate | undefined): ExperimentTest {
  const [only, another] = ids;
  return (column, binder) => {
    if (only === undefined || another !== undefined) {
      const tested = ids.length > MAX_FEW ? "many" : "few";
      const visible = isVisible === undefined ? "" : ` WHERE ${isVisible("value", binder, tested)}`;
      return `${column} IN (SELECT value FROM ${binder.list(ids)}${visible})`;
    }
    const id = binder.number(only);
    return isVisible === undefined ? `${column} = ${id}` : `${column} = ${id} AND ${isVisible(id, binder)}`;
  };
}
