import { invalidParameter } from "../domain/errors.ts";
import { type Int64, parseInt64 } from "../domain/int64.ts";
import { shorten } from "../domain/names.ts";
import type { Binder } from "./binder.ts";
import type { Predicate } from "./visibility.ts";

/** As one bound text they stay below D1's 2,000,000 bytes, whatever their digits. */
const MAX_EXPERIMENT_IDS = 90_000;

/** The SQL test that a column is one of the searched experiments. */
export type ExperimentTest = (column: string, binder: Binder) => string;

/** @throws MlflowError INVALID_PARAMETER_VALUE where `text` is no integer; one that no experiment has is fine. */
export function toExperimentId(text: string): Int64 {
  const id = /^-?\d{1,20}$/.test(text) ? parseInt64(text) : undefined;
  if (id === undefined) {
    throw invalidParameter(`Invalid experiment ID ${JSON.stringify(shorten(text))}; expected an integer.`);
  }
  return id;
}

/**
 * Each experiment once.
 * @throws MlflowError INVALID_PARAMETER_VALUE for what is no id, and for too many.
 */
export function toExperimentIds(texts: readonly string[]): Int64[] {
  if (texts.length > MAX_EXPERIMENT_IDS) {
    throw invalidParameter(`experiment_ids has ${texts.length} items; at most ${MAX_EXPERIMENT_IDS} are allowed.`);
  }
  return [...new Set(texts.map(toExperimentId))];
}

/** Of one experiment it is an equality, along which an index keeps its order. */
export function experimentTest(ids: readonly Int64[], isVisible: Predicate | undefined): ExperimentTest {
  const [only, another] = ids;
  return (column, binder) => {
    if (only === undefined || another !== undefined) {
      const visible = isVisible === undefined ? "" : ` WHERE ${isVisible("value", binder)}`;
      return `${column} IN (SELECT value FROM ${binder.list(ids)}${visible})`;
    }
    const id = binder.number(only);
    return isVisible === undefined ? `${column} = ${id}` : `${column} = ${id} AND ${isVisible(id, binder)}`;
  };
}
