import { MAX_EXPERIMENT_IDS } from "../domain/limits.ts";
import { alsoNamed, id, int32, longText, message, orElse, repeated, required, string } from "./message.ts";

/* Fields that many messages share. */

/** Clients of before 1.0 say `run_uuid`; some send both. */
export const runIdField = required(alsoNamed("run_uuid", string));

/** A param or tag. MLflow cuts or refuses long values by what they belong to. */
export const keyValue = message({ key: required(string), value: orElse("", longText) });

/** The same of logged models, where MLflow takes an absent key for an empty one. */
export const optionalKeyValue = message({ key: orElse("", string), value: orElse("", longText) });

export const experimentIdsField = repeated(id, MAX_EXPERIMENT_IDS);

/** What every paged search is asked. The filter's grammar and the page token's reader bound both in words of their own. */
export const searchFields = {
  filter: orElse("", longText),
  maxResults: int32,
  orderBy: repeated(string),
  pageToken: longText,
};
