import { MAX_EXPERIMENT_IDS } from "../domain/limits.ts";
import { alsoNamed, id, int32, longText, message, orElse, repeated, required, string } from "./message.ts";

/* Fields that many messages share. */

/** The run's id. Clients older than 1.0 call it `run_uuid`; some send both names. */
export const runIdField = required(alsoNamed("run_uuid", string));

/** A param or tag. What the value belongs to decides whether MLflow cuts or refuses a long one. */
export const keyValue = message({ key: required(string), value: orElse("", longText) });

/** A param or tag of a logged model, where MLflow treats an absent key as empty. */
export const optionalKeyValue = message({ key: orElse("", string), value: orElse("", longText) });

export const experimentIdsField = repeated(id, MAX_EXPERIMENT_IDS);

/** The fields of every paged search. The parsers of the filter and the page token check lengths with their own errors. */
export const searchFields = {
  filter: orElse("", longText),
  maxResults: int32,
  orderBy: repeated(string),
  pageToken: longText,
};
