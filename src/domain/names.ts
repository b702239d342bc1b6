import type { KeyValue } from "./entities.ts";
import { invalidParameter } from "./errors.ts";
import { isRunId } from "./ids.ts";
import { MAX_KEY_LENGTH, MAX_LIST_TAG_VALUE_LENGTH, MAX_RUN_TAG_VALUE_LENGTH } from "./limits.ts";

/**
 * Checks the key of a metric, param or tag by MLflow's rules (`mlflow/utils/validation.py`): letters of any script,
 * digits, `_ / - . : space`, at most 250 characters, and only the shortest spelling of a path (not `a//b`, `a/./b`, `../a`).
 * @param kind the kind of key for the error, e.g. "metric".
 */
export function checkKey(kind: string, key: string): void {
  if (!/^[\p{L}\p{N}_/\-. :]+$/u.test(key)) {
    throw invalidParameter(
      `Invalid ${kind} name '${key}': names may only contain letters, digits, underscores, dashes, periods, ` +
        "spaces, colons and slashes.",
    );
  }
  // Most keys, such as `loss` and `lr.0`, have no slash and are one segment.
  if (key.startsWith("..") || key.split("/").some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw invalidParameter(
      `Invalid ${kind} name '${key}': names must be unique when read as paths, without empty, '.' or '..' parts.`,
    );
  }
  checkLength(`${kind} name`, key, MAX_KEY_LENGTH);
}

/** Refuses invalid run ids. In calls that log in bulk, MLflow distinguishes them from unknown runs. */
export function checkRunId(runId: string): void {
  if (!isRunId(runId)) throw invalidParameter(`Invalid run ID: '${runId}'`);
}

/** Refuses texts of more than `limit` characters (code points, as Python counts them). */
export function checkLength(what: string, text: string, limit: number): void {
  if (text.length <= limit || lengthInCharacters(text) <= limit) return;
  throw invalidParameter(`The ${what} '${shorten(text)}' exceeds the maximum length of ${limit} characters.`);
}

/** The first `limit` characters. MLflow's server cuts long param and run tag values (`MLFLOW_TRUNCATE_LONG_VALUES`). */
export function truncate(text: string, limit: number): string {
  return text.length <= limit ? text : [...text].slice(0, limit).join("");
}

/** Tags with JSON lists that MLflow's client reads, appends to and writes back (`log_table`, `log_model`). */
const LIST_TAGS: ReadonlySet<string> = new Set(["mlflow.loggedArtifacts", "mlflow.log-model.history"]);

/**
 * A run tag's value as it is stored: cut at 8,000 characters, as in MLflow. Unlike in MLflow, a list is never cut: the
 * client could not parse a cut list, and each later `log_table` of the run would raise.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a list of more than 250,000 characters.
 */
export function storedTagValue({ key, value }: KeyValue): string {
  if (!LIST_TAGS.has(key)) return truncate(value, MAX_RUN_TAG_VALUE_LENGTH);
  checkLength(`value of tag ${key}`, value, MAX_LIST_TAG_VALUE_LENGTH);
  return value;
}

function lengthInCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Shortens a client's text for a message, to its first 250 UTF-16 units. */
export function shorten(text: string): string {
  return text.length > 250 ? `${text.slice(0, 250)}…` : text;
}
