/**
 * MLflow's limits, in characters unless a name says otherwise. Source: `mlflow/utils/validation.py` and
 * `mlflow/server/handlers.py` of release 3.17.2.
 */

/** In bytes: enough for a full log-batch, and for a dataset with its schema and profile. */
export const MAX_JSON_BODY_BYTES = 8 * 1024 * 1024;
/** Of a message's string that has no limit of its own. The longest that has none is a registered model's name. */
export const MAX_STRING_LENGTH = 10_000;
/** Of a message's list that has no limit of its own. */
export const MAX_LIST_LENGTH = 10_000;
/** Of a search: as many as one page of experiments/search has, which clients that search all send. */
export const MAX_EXPERIMENT_IDS = 50_000;
/** Of an error's message, which repeats parts of what was sent. */
export const MAX_ERROR_LENGTH = 1500;

export const MAX_KEY_LENGTH = 250;
export const MAX_PARAM_VALUE_LENGTH = 6000;
export const MAX_RUN_TAG_VALUE_LENGTH = 8000;
export const MAX_EXPERIMENT_TAG_VALUE_LENGTH = 20_000;
export const MAX_EXPERIMENT_NAME_LENGTH = 500;
export const MAX_ARTIFACT_LOCATION_LENGTH = 2048;

export const MAX_METRICS_PER_BATCH = 1000;
export const MAX_PARAMS_PER_BATCH = 100;
export const MAX_TAGS_PER_BATCH = 100;
export const MAX_ENTITIES_PER_BATCH = 1000;

export const MAX_SEARCH_RESULTS = 50_000;
export const DEFAULT_SEARCH_RESULTS = 1000;

export const MAX_BULK_RUN_IDS = 100;
export const MAX_BULK_POINTS = 25_000;
export const MAX_INTERVAL_POINTS = 2500;

/** MLflow's client sends no more in one request. */
export const MAX_DATASETS_PER_REQUEST = 1000;
export const MAX_DATASET_NAME_LENGTH = 500;
export const MAX_DATASET_DIGEST_LENGTH = 36;
export const MAX_DATASET_SOURCE_LENGTH = 65_535;
export const MAX_DATASET_SCHEMA_LENGTH = 1_048_575;
/** With its tags. MLflow allows a profile of 16,777,215; a D1 row, and the JSON that it is read as, holds 2,000,000 bytes. */
export const MAX_DATASET_JSON_BYTES = 1_400_000;
export const MAX_INPUT_TAG_KEY_LENGTH = 255;
export const MAX_INPUT_TAG_VALUE_LENGTH = 500;

/**
 * Of a tag whose value is a JSON list that clients append to: to cut such a value would break it. Its row stays far below
 * D1's 2,000,000 bytes.
 */
export const MAX_LIST_TAG_VALUE_LENGTH = 250_000;
export const MAX_MODEL_LENGTH = 50_000;

/** Of a page that an artifact store lists: what S3 and R2 give at most. */
export const MAX_LIST_PAGE = 1000;

/** What MLflow stores for an infinite metric value: the largest finite double. */
export const MAX_FINITE_VALUE = Number.MAX_VALUE;

/** MLflow's columns say 256, which its SQLite does not enforce: longer names exist. */
export const MAX_REGISTERED_MODEL_NAME_LENGTH = 10_000;
export const MAX_ALIAS_LENGTH = 255;
export const MAX_REGISTRY_TAG_VALUE_LENGTH = 100_000;
/** Of a description, a source or a run link, which MLflow does not bound on SQLite. */
export const MAX_REGISTRY_TEXT_LENGTH = 100_000;
export const DEFAULT_REGISTERED_MODEL_SEARCH_RESULTS = 100;
export const MAX_REGISTERED_MODEL_SEARCH_RESULTS = 1000;
export const MAX_MODEL_VERSION_SEARCH_RESULTS = 200_000;

/**
 * Of any text that is imported. Servers of other versions have allowed longer names and values than ours does now, and
 * what they hold is kept whole: this bounds only what a row of D1 holds.
 */
export const MAX_IMPORTED_VALUE_LENGTH = 250_000;
/** What one request of an import may hold, so that it stays within what the platform allows one request. */
export const MAX_IMPORTED_RECORDS = 1000;
/** Of one record: its tags, params, metrics or versions. */
export const MAX_IMPORTED_ITEMS = 100_000;
export const MAX_IMPORTED_RUNS_WITH_POINTS = 250;
export const MAX_IMPORTED_POINTS = 200_000;

/** Things that one request deletes for good: one transaction takes them away. */
export const MAX_PURGED_IDS = 1000;
