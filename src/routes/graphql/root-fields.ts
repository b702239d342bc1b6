import { canonicalArtifactPath } from "../../domain/artifact-path.ts";
import type { ModelVersion } from "../../domain/entities.ts";
import { MAX_INTERVAL_POINTS } from "../../domain/limits.ts";
import { locateRunArtifact } from "../../services/artifacts/artifact-access.ts";
import { listPage } from "../../services/artifacts/list-artifacts.ts";
import type { ServiceContext } from "../../services/context.ts";
import { getExperiment } from "../../services/experiments/experiments.ts";
import { pointsOf, sampleHistory } from "../../services/metrics/metric-history.ts";
import { searchModelVersions } from "../../services/registry/search-registry.ts";
import { getRun } from "../../services/runs/runs.ts";
import { searchDatasets } from "../../services/runs/search-datasets.ts";
import { searchRuns } from "../../services/runs/search-runs.ts";
import { experimentIdsField, searchFields } from "../../wire/fields.ts";
import { parseJsonExactly } from "../../wire/json.ts";
import { alsoNamed, id, int32, int64, message, repeated, required, string } from "../../wire/message.ts";
import { modelVersionToWire } from "../../wire/registry.ts";
import type { Resource } from "../../wire/route.ts";
import { datasetSummaryToWire, experimentToWire, filesToWire, metricToWire, runToWire } from "../../wire/tracking.ts";
import { runSearchFields, toRunSearch } from "../run-search.ts";

/**
 * A root field with its arguments: the resources it touches, and its REST answer. A function in the answer is a field that
 * needs an extra read; it is called only if the query selects the field.
 */
export interface Asked {
  readonly resources: readonly Resource[];
  readonly answer: (ctx: ServiceContext) => Promise<object | null>;
}

/**
 * What a root field of `Query` or `Mutation` asks for.
 * @throws MlflowError INVALID_PARAMETER_VALUE for an input that REST would refuse.
 */
export type RootField = (args: Readonly<Record<string, unknown>>) => Asked;

const LIST: Resource = { kind: "list" };

/** Maximum number of items in an answer, which is held in memory. A longer list has a page token. */
const MAX_ITEMS = 1000;
/** Maximum length of the items' JSON, which takes several times as much memory once parsed into objects. */
const MAX_CHARACTERS = 4_000_000;
/** Maximum number of runs, which are larger than other items: each includes its metrics, params and tags. */
const MAX_RUNS = 100;
/** Maximum number of points for all runs of an answer together. With more runs, each run has fewer points. */
const MAX_POINTS = 25_000;

const onExperiments = (experimentIds: readonly string[]): Resource[] =>
  experimentIds.map((experimentId) => ({ kind: "experiment", experimentId }));

const runIdField = required(alsoNamed("runUuid", string));

const runInput = message({ runId: runIdField });
const experimentInput = message({ experimentId: required(id) });
const datasetsInput = message({ experimentIds: experimentIdsField });
const artifactsInput = message({ runId: runIdField, path: string, pageToken: string });
const runsInput = message(runSearchFields);
const versionsInput = message({ ...searchFields, maxResults: int64 });
const historyInput = message({
  runIds: repeated(string),
  metricKey: string,
  startStep: int64,
  endStep: int64,
  maxResults: int32,
});

/** The root fields, by their names in the schema. */
export const ROOT_FIELDS: Readonly<Record<string, RootField>> = {
  test: ({ inputString }) => ({ resources: [LIST], answer: async () => ({ output: inputString }) }),
  testMutation: () => ({ resources: [LIST], answer: async () => null }),

  mlflowGetExperiment: ({ input }) => {
    const { experimentId } = experimentInput.parse(input, "input");
    return {
      resources: onExperiments([experimentId]),
      answer: async (ctx) => ({ experiment: await wireExperiment(ctx, experimentId), apiError: null }),
    };
  },

  mlflowGetRun: ({ input }) => {
    const { runId } = runInput.parse(input, "input");
    return {
      resources: [{ kind: "run", runId }],
      answer: async (ctx) => {
        const [run] = extendRuns(ctx, [runToWire(await getRun(ctx, runId))]);
        return { run, apiError: null };
      },
    };
  },

  mlflowSearchRuns: ({ input }) => {
    const search = toRunSearch(runsInput.parse(input, "input"));
    const maxResults = Math.min(search.maxResults, MAX_RUNS);
    return {
      resources: [LIST, ...onExperiments(search.experimentIds)],
      answer: async (ctx) => {
        const page = await readTexts(maxResults, runToWire, (most) => searchRuns(ctx, { ...search, maxResults: most }));
        return { runs: extendRuns(ctx, page.texts), nextPageToken: page.nextPageToken, apiError: null };
      },
    };
  },

  mlflowGetMetricHistoryBulkInterval: ({ input }) => {
    const parsed = historyInput.parse(input, "input");
    const { runIds = [], metricKey: key = "", startStep, endStep, maxResults = MAX_INTERVAL_POINTS } = parsed;
    return {
      resources: [LIST, ...runIds.map((runId): Resource => ({ kind: "run", runId }))],
      answer: async (ctx) => {
        // Without runs or a metric the answer is empty; REST would require both.
        const isNothing = runIds.length === 0 || key === "";
        const most = Math.max(1, Math.floor(MAX_POINTS / runIds.length));
        const wanted = { runIds, key, startStep, endStep, maxResults: Math.min(maxResults, most) };
        const found = isNothing ? [] : await sampleHistory(ctx, wanted);
        return {
          metrics: found.flatMap(({ runId, key, series }) =>
            pointsOf(key, series).map((point) => parseJsonExactly(metricToWire(point, runId))),
          ),
          apiError: null,
        };
      },
    };
  },

  mlflowListArtifacts: ({ input }) => {
    const { runId, path = "", pageToken } = artifactsInput.parse(input, "input");
    return {
      resources: [{ kind: "run", runId }],
      answer: async (ctx) => {
        const folder = canonicalArtifactPath(path);
        const { at, artifactUri: rootUri, objectKey } = await locateRunArtifact(ctx, runId, folder);
        const { files, next: nextPageToken } = await listPage(at, objectKey, pageToken || undefined);
        return { rootUri, ...filesToWire(files, folder), nextPageToken, apiError: null };
      },
    };
  },

  mlflowSearchModelVersions: ({ input }) => {
    const { filter, orderBy = [], maxResults = MAX_ITEMS, pageToken } = versionsInput.parse(input, "input");
    return {
      resources: [LIST],
      answer: async (ctx) => {
        const search = { filter, orderBy, pageToken: pageToken || undefined };
        const { texts, nextPageToken } = await readTexts(Math.min(Number(maxResults), MAX_ITEMS), versionText, (most) =>
          searchModelVersions(ctx, { ...search, maxResults: most }),
        );
        return { modelVersions: texts.map((text) => JSON.parse(text)), nextPageToken, apiError: null };
      },
    };
  },

  mlflowSearchDatasets: ({ input }) => {
    const { experimentIds = [] } = datasetsInput.parse(input, "input");
    return {
      resources: [LIST, ...onExperiments(experimentIds)],
      answer: async (ctx) => {
        const summaries = await searchDatasets(ctx, experimentIds);
        return { datasetSummaries: summaries.map(datasetSummaryToWire), apiError: null };
      },
    };
  },
};

/** An experiment with its workspace, which is always the one of an MLflow server without `--enable-workspaces`. */
async function wireExperiment(ctx: ServiceContext, experimentId: string): Promise<object> {
  return { ...experimentToWire(await getExperiment(ctx, experimentId)), workspace: "default" };
}

interface WireRun {
  readonly info: { readonly run_id: string; readonly experiment_id: string };
}

/** Runs with the extra fields of GraphQL. If a query selects an extra field, it is read once for all runs. */
function extendRuns(ctx: ServiceContext, texts: readonly string[]): object[] {
  const runs = texts.map((text) => parseJsonExactly(text) as WireRun);
  const experiments = new Map<string, Promise<object>>();
  const experimentOf = (experimentId: string): Promise<object> => {
    const experiment = experiments.get(experimentId) ?? wireExperiment(ctx, experimentId);
    experiments.set(experimentId, experiment);
    return experiment;
  };
  let versions: Promise<Map<string, object[]>> | undefined;
  const versionsOf = async (runId: string): Promise<object[]> => {
    versions ??= versionsByRun(
      ctx,
      runs.map(({ info }) => info.run_id),
    );
    return (await versions).get(runId) ?? [];
  };
  return runs.map((run) => ({
    ...run,
    experiment: () => experimentOf(run.info.experiment_id),
    modelVersions: () => versionsOf(run.info.run_id),
  }));
}

/** @returns the model versions that the runs made, by run id: the first {@link MAX_ITEMS}, or fewer if they are long. */
async function versionsByRun(ctx: ServiceContext, runIds: readonly string[]): Promise<Map<string, object[]>> {
  const filter = `run_id IN (${runIds.map((runId) => `'${runId}'`).join(",")})`;
  const { texts } = await readTexts(MAX_ITEMS, versionText, (maxResults) =>
    searchModelVersions(ctx, { filter, orderBy: [], maxResults, pageToken: undefined }),
  );
  return Map.groupBy(
    texts.map((text) => JSON.parse(text)),
    (version: { readonly run_id?: string }) => version.run_id ?? "",
  );
}

const versionText = (version: ModelVersion): string => JSON.stringify(modelVersionToWire(version));

/**
 * A page of at most `maxResults` items as JSON texts. If the texts are long, the page is shorter, and its token leads to the
 * rest.
 * @param search reads a page with the given number of items.
 */
async function readTexts<T>(
  maxResults: number,
  toText: (item: T) => string,
  search: (
    maxResults: number,
  ) => Promise<{ readonly slices: AsyncIterable<readonly T[]>; readonly nextPageToken: string | undefined }>,
): Promise<{ readonly texts: readonly string[]; readonly nextPageToken: string | undefined }> {
  const { slices, nextPageToken } = await search(maxResults);
  const texts: string[] = [];
  let length = 0;
  for await (const slice of slices) {
    for (const item of slice) {
      const text = toText(item);
      length += text.length;
      if (length > MAX_CHARACTERS && texts.length > 0) return await readTexts(texts.length, toText, search);
      texts.push(text);
    }
  }
  return { texts, nextPageToken };
}
