/** A new run id: a random UUID without its hyphens, 32 lower-case hex digits as MLflow makes them. */
export function newRunId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** Whether `text` may be a run id at all (MLflow's rule, `mlflow/utils/validation.py`). */
export function isRunId(text: string): boolean {
  return /^[a-zA-Z0-9][\w-]{0,255}$/.test(text);
}

/**
 * Whether `text` may be an experiment id of ours: a decimal SQLite row id without leading zeros. Those that come from an
 * `mlruns` folder have 18 digits, so an id is text everywhere: a double would round it.
 */
export function isExperimentId(text: string): boolean {
  return /^(0|[1-9]\d{0,17})$/.test(text);
}
