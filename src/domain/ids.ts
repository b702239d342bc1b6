/** A new run id, as in MLflow: a random UUID without hyphens, 32 lower-case hex digits. */
export function newRunId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** Whether `text` is an id as runs of this server and of MLflow's get it: 32 hex digits. */
export function isNewRunId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** Whether `text` is a valid run id (MLflow's rule, `mlflow/utils/validation.py`). */
export function isRunId(text: string): boolean {
  return /^[a-zA-Z0-9][\w-]{0,255}$/.test(text);
}

/**
 * Whether `text` may be an experiment id of this server: a decimal SQLite row id without leading zeros. Ids from an `mlruns`
 * folder have 18 digits, which a double would round, so an id is text everywhere.
 */
export function isExperimentId(text: string): boolean {
  return /^(0|[1-9]\d{0,17})$/.test(text);
}
