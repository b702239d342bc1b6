import { LIFECYCLE_STAGES, LOGGED_MODEL_STATUSES, RUN_STATUSES, STORED_STAGES } from "../domain/entities.ts";
import { invalidParameter } from "../domain/errors.ts";
import {
  MAX_IMPORTED_ITEMS,
  MAX_IMPORTED_METRICS,
  MAX_IMPORTED_POINTS,
  MAX_IMPORTED_RECORDS,
  MAX_IMPORTED_RUNS_WITH_POINTS,
  MAX_IMPORTED_VALUE_LENGTH,
  MAX_IMPORTED_VERSIONS,
} from "../domain/limits.ts";
import { RECORD_KINDS } from "../domain/records.ts";
import { recordedOnce } from "../services/access/audit.ts";
import type { ServiceContext } from "../services/context.ts";
import { importExperiments, knownRecords } from "../services/import/experiments.ts";
import { importLoggedModels, importRegisteredModels } from "../services/import/models.ts";
import { importPoints } from "../services/import/points.ts";
import { finishRuns, importRuns } from "../services/import/runs.ts";
import { doubleColumn, int64Column } from "../wire/columns.ts";
import {
  double,
  type Field,
  int64,
  longText,
  type Message,
  message,
  nested,
  oneOf,
  orElse,
  repeated,
  required,
  safeInteger,
  string,
  text,
} from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type Route, route } from "../wire/route.ts";
import { onServer } from "./permissions.ts";

/*
 * The endpoints that `trackflare import` uses. They set ids and times, which MLflow's own API cannot. Only an admin may call
 * them. Each takes the records of src/domain/records.ts in snake_case and writes all or none of a request. Repeating a
 * request changes nothing. docs/migrate.md describes the order of the calls.
 */

const anyText = text(MAX_IMPORTED_VALUE_LENGTH);
const textField = orElse("", anyText);
const optionalText = orElse(null, anyText);

/** A list in a record. Its limit is higher than in MLflow's API, where one request logs fewer tags than a run may have. */
const listOf = <T>(of: Message<T>, most = MAX_IMPORTED_ITEMS): Field<readonly T[], true> =>
  orElse([], repeated(nested(of), most));
const time = orElse(null, int64);
/** A time for a column that other code reads as a number. */
const timeMs = orElse(0, safeInteger);
const pairs = listOf(message({ key: required(anyText), value: textField }));
const lifecycleStage = orElse("active", oneOf(LIFECYCLE_STAGES));
const digest = required(anyText);

const experiment = message({
  experimentId: required(anyText),
  name: required(anyText),
  artifactLocation: textField,
  lifecycleStage,
  creationTimeMs: timeMs,
  lastUpdateTimeMs: timeMs,
  tags: pairs,
  digest,
});

const dataset = message({
  name: required(anyText),
  digest: required(anyText),
  sourceType: textField,
  source: textField,
  schema: longText,
  profile: longText,
});

const run = message({
  runId: required(anyText),
  experimentId: required(anyText),
  runName: textField,
  userId: textField,
  status: required(oneOf(RUN_STATUSES)),
  startTimeMs: time,
  endTimeMs: time,
  artifactUri: textField,
  lifecycleStage,
  deletedTimeMs: orElse(null, safeInteger),
  params: pairs,
  tags: pairs,
  datasetInputs: listOf(message({ dataset: required(nested(dataset)), tags: pairs })),
  modelInputs: orElse([], repeated(anyText, MAX_IMPORTED_ITEMS)),
  modelOutputs: listOf(message({ modelId: required(anyText), step: orElse(0, int64) })),
});

const points = message({
  runId: required(anyText),
  metrics: listOf(
    message({
      key: required(anyText),
      timestamps: required(int64Column(MAX_IMPORTED_POINTS)),
      steps: required(int64Column(MAX_IMPORTED_POINTS)),
      values: required(doubleColumn(MAX_IMPORTED_POINTS)),
    }),
  ),
});

const runsWithPoints = repeated(nested(points));

/** The metrics are counted before they are read, because reading them takes the memory. */
const boundedPoints: typeof runsWithPoints = {
  ...runsWithPoints,
  read: (value, path) => {
    const lists = Array.isArray(value) ? value.map((run) => run?.metrics).filter(Array.isArray) : [];
    const count = lists.reduce((sum, { length }) => sum + length, 0);
    refuseMore("metrics", count, MAX_IMPORTED_METRICS);
    return runsWithPoints.read(value, path);
  },
};

const loggedModel = message({
  modelId: required(anyText),
  experimentId: required(anyText),
  name: textField,
  modelType: textField,
  sourceRunId: textField,
  status: required(oneOf(LOGGED_MODEL_STATUSES, 0)),
  statusMessage: optionalText,
  artifactUri: textField,
  lifecycleStage,
  creationTimeMs: timeMs,
  lastUpdateTimeMs: timeMs,
  params: pairs,
  tags: pairs,
  metrics: listOf(
    message({
      modelId: required(anyText),
      runId: textField,
      key: required(anyText),
      value: required(double),
      timestamp: required(int64),
      step: orElse(0, int64),
      datasetName: anyText,
      datasetDigest: anyText,
    }),
  ),
  digest,
});

const modelVersion = message({
  version: required(safeInteger),
  currentStage: required(oneOf(STORED_STAGES)),
  description: optionalText,
  source: textField,
  storageLocation: optionalText,
  runId: optionalText,
  runLink: optionalText,
  creationTimeMs: timeMs,
  lastUpdateTimeMs: timeMs,
  tags: pairs,
});

const registeredModel = message({
  name: required(anyText),
  description: optionalText,
  creationTimeMs: timeMs,
  lastUpdateTimeMs: timeMs,
  tags: pairs,
  aliases: listOf(message({ alias: required(anyText), version: required(safeInteger) })),
  versions: listOf(modelVersion, MAX_IMPORTED_VERSIONS),
  digest,
});

const runEnd = message({
  runId: required(anyText),
  lifecycleStage,
  deletedTimeMs: orElse(null, safeInteger),
  digest,
});

const knownRecord = message({ kind: required(oneOf(RECORD_KINDS)), id: required(anyText), digest });

/**
 * An endpoint that writes a list of records and answers `{}`. `command` is the same text in all requests of one command, so
 * that the audit log has one entry for the command.
 */
function importRoute<Record>(
  name: string,
  records: Field<readonly Record[], boolean>,
  write: (ctx: ServiceContext, records: readonly Record[]) => Promise<void>,
  mostRecords = MAX_IMPORTED_RECORDS,
): Route {
  return route({
    method: "POST",
    paths: apiPaths(`/trackflare/import/${name}`),
    permission: onServer("MANAGE"),
    input: message({ records: required(records), command: string }),
    handle: async ({ ctx, input }) => {
      refuseMore("records", input.records.length, mostRecords);
      const targetId = input.command || ctx.requestId;
      const writes = recordedOnce(ctx, { action: "server.import", targetType: "server", targetId });
      if (input.records.length > 0) await write({ ...ctx, writes }, input.records);
      return json({});
    },
  });
}

function refuseMore(what: string, count: number, most: number): void {
  if (count > most) throw invalidParameter(`At most ${most} ${what} may be imported at once, not ${count}.`);
}

export const importRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths("/trackflare/import/known"),
    permission: onServer("MANAGE"),
    input: message({ records: required(repeated(nested(knownRecord))) }),
    handle: async ({ ctx, input }) => {
      refuseMore("records", input.records.length, MAX_IMPORTED_RECORDS);
      return json({ records: await knownRecords(ctx, input.records) });
    },
  }),
  importRoute("experiments", repeated(nested(experiment)), importExperiments),
  importRoute("runs", repeated(nested(run)), importRuns),
  importRoute(
    "points",
    boundedPoints,
    async (ctx, runs) => {
      const count = runs.reduce(
        (sum, { metrics }) => sum + metrics.reduce((of, { values }) => of + values.length, 0),
        0,
      );
      refuseMore("points", count, MAX_IMPORTED_POINTS);
      await importPoints(ctx, runs);
    },
    MAX_IMPORTED_RUNS_WITH_POINTS,
  ),
  importRoute("finished-runs", repeated(nested(runEnd)), finishRuns, MAX_IMPORTED_RUNS_WITH_POINTS),
  importRoute("logged-models", repeated(nested(loggedModel)), importLoggedModels),
  importRoute("registered-models", repeated(nested(registeredModel)), importRegisteredModels),
];
