import { invalidParameter } from "../domain/errors.ts";
import { type Int64, parseInt64 } from "../domain/int64.ts";

/** @throws MlflowError INVALID_PARAMETER_VALUE where `text` is no integer; one that no experiment has is fine. */
export function toExperimentId(text: string): Int64 {
  const id = /^-?\d{1,20}$/.test(text) ? parseInt64(text) : undefined;
  if (id === undefined) throw invalidParameter(`Invalid experiment ID ${JSON.stringify(text)}; expected an integer.`);
  return id;
}
