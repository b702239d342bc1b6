import type { KeyValue } from "../domain/entities.ts";
import { message, required, string } from "./message.ts";

/** A tag or param as most requests carry it. */
export const keyValue = message({ key: required(string), value: string });

/** One whose key may be absent too, which MLflow takes for an empty one. */
export const anyKeyValue = message({ key: string, value: string });

/** An absent text is an empty one. */
export function toKeyValue({
  key = "",
  value = "",
}: {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}): KeyValue {
  return { key, value };
}
