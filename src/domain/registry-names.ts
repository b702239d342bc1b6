import { STAGES, type Stage } from "./entities.ts";
import { invalidParameter } from "./errors.ts";
import { MAX_ALIAS_LENGTH, MAX_REGISTERED_MODEL_NAME_LENGTH } from "./limits.ts";
import { checkLength } from "./names.ts";

/**
 * Checks a registered model's name by MLflow's rules (`mlflow/utils/validation.py`): not blank, and only characters that a
 * `models:/<name>/<version>` URI can hold. Names are kept unchanged: `a b` and `a%20b` are two names.
 * @param parameter the parameter's name for the error.
 */
export function checkRegisteredModelName(name: string, parameter = "name"): void {
  if (name.trim() === "") throw invalidParameter(`Missing value for required parameter '${parameter}'.`);
  if (/[/:]/.test(name)) throw invalidParameter(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
  if (name === "." || name.startsWith("..")) {
    throw invalidParameter(`Invalid model name '${name}'. Names may not be read as a path that leads elsewhere.`);
  }
  checkLength("model name", name, MAX_REGISTERED_MODEL_NAME_LENGTH);
}

/** Checks that an alias has only letters of any script, digits, `_` and `-`. */
export function checkAlias(alias: string): void {
  if (!/^[\p{L}\p{N}_-]+$/u.test(alias)) {
    throw invalidParameter(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
  }
  checkLength("alias name", alias, MAX_ALIAS_LENGTH);
}

/** Whether the alias is `latest`, in any case, which always means the newest version. */
export function isLatestAlias(alias: string): boolean {
  return alias.toLowerCase() === "latest";
}

/** Refuses the aliases that have a fixed meaning in MLflow: `latest`, and those like `v1`, which means version 1. */
export function checkNotReserved(alias: string): void {
  if (isLatestAlias(alias)) throw invalidParameter("'latest' alias name (case insensitive) is reserved.");
  if (/^v\p{Nd}+$/iu.test(alias)) throw invalidParameter(`Version alias name '${alias}' is reserved.`);
}

/**
 * A version's number.
 * @returns undefined for an integer that no version can have.
 * @throws MlflowError INVALID_PARAMETER_VALUE where `text` is no integer.
 */
export function parseVersion(text: string): number | undefined {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) {
    throw invalidParameter(`Invalid value '${text}' for parameter 'version' supplied: it must be an integer.`);
  }
  const version = Number(text);
  return Number.isSafeInteger(version) && version > 0 ? version : undefined;
}

/** Parses a stage's name, in any case. */
export function parseStage(text: string): Stage {
  const stage = STAGES.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
  if (stage === undefined) {
    throw invalidParameter(`Invalid Model Version stage: ${text}. Value must be one of ${STAGES.join(", ")}.`);
  }
  return stage;
}
