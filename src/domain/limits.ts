/**
 * MLflow's limits, in characters unless a name says otherwise. Source: `mlflow/utils/validation.py` and
 * `mlflow/server/handlers.py` of release 3.17.2.
 */

/** In bytes. This is enough for a full log-batch, and for a dataset with its schema and profile. */
export const MAX_JSON_BODY_BYTES = 8 * 1024 * 1024;
/** Maximum for strings in messages without a limit of their own. The longest such string is a registered model's name. */
export const MAX_STRING_LENGTH = 10_000;
/** Maximum for lists in messages without a limit of their own. */
export const MAX_LIST_LENGTH = 10_000;
/** Maximum per search: the size of a page of experiments/search, all of whose ids clients send to search everywhere. */
export const MAX_EXPERIMENT_IDS = 50_000;
/** Maximum for an error's message, which repeats parts of the request. */
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

/** Maximum per request: MLflow's client sends no more. */
export const MAX_DATASETS_PER_REQUEST = 1000;
export const MAX_DATASET_NAME_LENGTH = 500;
export const MAX_DATASET_DIGEST_LENGTH = 36;
export const MAX_DATASET_SOURCE_LENGTH = 65_535;
export const MAX_DATASET_SCHEMA_LENGTH = 1_048_575;
/** Includes tags. MLflow allows a profile of 16,777,215; a D1 row, and the JSON that reads it, holds 2,000,000 bytes. */
export const MAX_DATASET_JSON_BYTES = 1_400_000;
export const MAX_INPUT_TAG_KEY_LENGTH = 255;
export const MAX_INPUT_TAG_VALUE_LENGTH = 500;

/**
 * Maximum for a tag whose value is a JSON list that clients append to, since cutting the value would break the list. The
 * row stays far below D1's 2,000,000 bytes.
 */
export const MAX_LIST_TAG_VALUE_LENGTH = 250_000;
export const MAX_MODEL_LENGTH = 50_000;

/** Maximum for a page of an artifact store's listing, which is the limit of S3 and R2. */
export const MAX_LIST_PAGE = 1000;

/**
 * In bytes. A run, an experiment, a model or a version with this much in its tags, its params or its datasets takes no more
 * of them, because an answer about one thing is held in memory as a whole. MLflow has no such limit.
 */
export const MAX_TEXTS_BYTES = 4_000_000;

/** The value that MLflow stores for an infinite metric value: the largest finite double. */
export const MAX_FINITE_VALUE = Number.MAX_VALUE;

/** MLflow's columns say 256, but SQLite does not enforce that, so longer names exist. */
export const MAX_REGISTERED_MODEL_NAME_LENGTH = 10_000;
export const MAX_ALIAS_LENGTH = 255;
export const MAX_REGISTRY_TAG_VALUE_LENGTH = 100_000;
/** Maximum for a description, a source or a run link, which MLflow does not limit on SQLite. */
export const MAX_REGISTRY_TEXT_LENGTH = 100_000;
export const DEFAULT_REGISTERED_MODEL_SEARCH_RESULTS = 100;
export const MAX_REGISTERED_MODEL_SEARCH_RESULTS = 1000;
export const MAX_MODEL_VERSION_SEARCH_RESULTS = 200_000;

/**
 * Maximum for any imported text. Servers of other versions have allowed longer names and values than Trackflare does now.
 * Imports keep them whole, so this limit only ensures that they fit into a D1 row.
 */
export const MAX_IMPORTED_VALUE_LENGTH = 250_000;
/** Maximum per import request, so that it stays within the platform's limits for one request. */
export const MAX_IMPORTED_RECORDS = 1000;
/** Maximum per record for its tags, params or metrics. */
export const MAX_IMPORTED_ITEMS = 100_000;
export const MAX_IMPORTED_RUNS_WITH_POINTS = 250;
export const MAX_IMPORTED_POINTS = 200_000;
/** Maximum per import request, of the metrics of all its runs. Each takes over a kilobyte of an isolate's 128 MB. */
export const MAX_IMPORTED_METRICS = 25_000;
/** Maximum of a registered model per import request, for the same reason. A model may have more in several requests. */
export const MAX_IMPORTED_VERSIONS = 25_000;

/** Maximum number of things that one request deletes for good, because one transaction removes all of them. */
export const MAX_PURGED_IDS = 1000;

/** Most runs that one request moves or copies to another experiment. */
export const MAX_MOVED_RUNS = 100;
