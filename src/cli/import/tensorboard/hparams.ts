import type { KeyValue } from "../../../domain/entities.ts";
import { doubleOf, fieldOf, fieldsOf, textOf } from "../protobuf.ts";

/** A session in the hparams plugin's data (tensorboard/plugins/hparams/plugin_data.proto and api.proto). */
export interface Session {
  readonly params: readonly KeyValue[];
  /** Undefined if the session has not ended. */
  readonly hasFailed: boolean | undefined;
}

export function sessionOf(data: Uint8Array): Session {
  const start = fieldOf(data, 3);
  const end = fieldOf(data, 4);
  const params =
    start === undefined
      ? []
      : [...fieldsOf(start)].flatMap(({ number, bytes }) => (number === 1 ? [paramOf(bytes)] : []));
  if (end === undefined) return { params, hasFailed: undefined };
  const FAILURE = 2n;
  return { params, hasFailed: [...fieldsOf(end)].some(({ number, integer }) => number === 1 && integer === FAILURE) };
}

/** An entry of a map from names to `google.protobuf.Value`. */
function paramOf(entry: Uint8Array): KeyValue {
  let value = "";
  for (const { number, integer, bytes } of fieldsOf(fieldOf(entry, 2) ?? new Uint8Array())) {
    if (number === 2) value = String(doubleOf(bytes));
    if (number === 3) value = textOf(bytes);
    if (number === 4) value = integer === 0n ? "False" : "True";
  }
  return { key: textOf(fieldOf(entry, 1)), value };
}
