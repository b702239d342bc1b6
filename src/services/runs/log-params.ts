import type { KeyValue } from "../../domain/entities.ts";
import { invalidParameter } from "../../domain/errors.ts";
import { MAX_PARAM_VALUE_LENGTH } from "../../domain/limits.ts";
import { checkKey, truncate } from "../../domain/names.ts";
import type { ServiceContext } from "../context.ts";
import { writeRows } from "./write-rows.ts";

export async function logParam(ctx: ServiceContext, runId: string, param: KeyValue): Promise<void> {
  await writeRows(ctx, runId, { params: [checkParam(param)] });
}

/** Checks a param by MLflow's rules, and cuts its value to the length that MLflow stores. */
export function checkParam(param: KeyValue): KeyValue {
  checkKey("parameter", param.key);
  return { key: param.key, value: truncate(param.value, MAX_PARAM_VALUE_LENGTH) };
}

export function refuseRepeatedParams(params: readonly KeyValue[]): void {
  const keys = new Set<string>();
  for (const { key } of params) {
    if (keys.has(key)) throw invalidParameter(`Duplicate parameter keys have been submitted: '${key}'.`);
    keys.add(key);
  }
}
