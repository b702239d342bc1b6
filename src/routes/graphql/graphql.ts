import { VIEW_TYPES } from "../../domain/entities.ts";
import { invalidParameter, MlflowError } from "../../domain/errors.ts";
import { DEFAULT_SEARCH_RESULTS, MAX_INTERVAL_POINTS } from "../../domain/limits.ts";
import type { ServiceContext } from "../../services/context.ts";
import { getExperiment } from "../../services/experiments/experiments.ts";
import { sampleHistory } from "../../services/metrics/metric-history.ts";
import { searchModelVersions } from "../../services/registry/search-registry.ts";
import { getRun } from "../../services/runs/runs.ts";
import { searchRuns } from "../../services/runs/search-runs.ts";
import {
  alsoNamed,
  id,
  int32,
  int64,
  type Message,
  message,
  oneOf,
  parseJsonExactly,
  repeated,
  required,
  string,
} from "../../wire/message.ts";
import { modelVersionToWire } from "../../wire/registry.ts";
import { json } from "../../wire/respond.ts";
import { type Method, type Resource, type Route, route } from "../../wire/route.ts";
import { experimentToWire, metricToWire, runToWire } from "../../wire/tracking.ts";
import { type GraphqlQuery, parseGraphqlQuery, type Selection } from "./document.ts";
import { checkSelection, isRootField, RESULT_TYPES, type RootField, select } from "./schema.ts";

/** A root field with its parsed input: whom it concerns, and its REST message. */
interface Operation {
  readonly resources: readonly Resource[];
  readonly answer: (ctx: ServiceContext, selection: Selection) => Promise<object>;
}

type WireRun = Record<string, unknown> & { readonly info: { readonly run_id: string; readonly experiment_id: string } };

/** Adds what GraphQL's runs have beyond those of REST, where it is asked for. */
async function extendRuns(ctx: ServiceContext, texts: readonly string[], selection: Selection): Promise<WireRun[]> {
  const runs = texts.map((text) => parseJsonExactly(text) as WireRun);
  const versions = selection.has("modelVersions") ? await versionsByRun(ctx, runs) : new Map<string, object[]>();
  const experiments = new Map<string, object>();
  if (selection.has("experiment")) {
    for (const experimentId of new Set(runs.map(({ info }) => info.experiment_id))) {
      experiments.set(experimentId, experimentToWire(await getExperiment(ctx, experimentId)));
    }
  }
  return runs.map((run) => ({
    ...run,
    experiment: experiments.get(run.info.experiment_id),
    model_versions: versions.get(run.info.run_id),
  }));
}

async function versionsByRun(ctx: ServiceContext, runs: readonly WireRun[]): Promise<Map<string, object[]>> {
  const byRun = new Map<string, object[]>();
  if (runs.length === 0) return byRun;
  const { slices } = await searchModelVersions(ctx, {
    filter: `run_id IN (${runs.map(({ info }) => `'${info.run_id}'`).join(",")})`,
    orderBy: [],
    maxResults: MAX_VERSIONS,
    pageToken: undefined,
  });
  for await (const slice of slices) {
    for (const version of slice) {
      const versions = byRun.get(version.runId ?? "") ?? [];
      byRun.set(version.runId ?? "", [...versions, modelVersionToWire(version)]);
    }
  }
  return byRun;
}

/** Of all runs of an answer together. */
const MAX_VERSIONS = 1000;

const OPERATIONS: Readonly<Record<RootField, (input: unknown) => Operation>> = {
  mlflowGetExperiment: (input) => {
    const { experimentId } = message({ experimentId: required(id) }).parse(input, "input");
    return {
      resources: [{ kind: "experiment", experimentId }],
      answer: async (ctx) => ({ experiment: experimentToWire(await getExperiment(ctx, experimentId)) }),
    };
  },
  mlflowGetRun: (input) => {
    const { runId } = message({ runId: required(alsoNamed("runUuid", string)) }).parse(input, "input");
    return {
      resources: [{ kind: "run", runId }],
      answer: async (ctx, selection) => {
        const [run] = await extendRuns(ctx, [runToWire(await getRun(ctx, runId))], selection.get("run") ?? new Map());
        return { run };
      },
    };
  },
  mlflowSearchRuns: (input) => {
    const search = searchInput.parse(input, "input");
    const { experimentIds = [], filter = "", orderBy = [], runViewType: viewType = "ACTIVE_ONLY" } = search;
    const maxResults = Math.min(search.maxResults ?? DEFAULT_SEARCH_RESULTS, DEFAULT_SEARCH_RESULTS);
    const pageToken = search.pageToken || undefined;
    return {
      resources: [
        { kind: "server" },
        ...experimentIds.map((experimentId): Resource => ({ kind: "experiment", experimentId })),
      ],
      answer: async (ctx, selection) => {
        const found = await searchRuns(ctx, { experimentIds, filter, orderBy, viewType, maxResults, pageToken });
        const runs: WireRun[] = [];
        for await (const slice of found.slices) {
          runs.push(...(await extendRuns(ctx, slice.map(runToWire), selection.get("runs") ?? new Map())));
        }
        return { runs, next_page_token: found.nextPageToken };
      },
    };
  },
  mlflowGetMetricHistoryBulkInterval: (input) => {
    const {
      runIds = [],
      metricKey: key = "",
      startStep,
      endStep,
      maxResults = MAX_INTERVAL_POINTS,
    } = historyInput.parse(input, "input");
    return {
      resources: [{ kind: "server" }, ...runIds.map((runId): Resource => ({ kind: "run", runId }))],
      answer: async (ctx) => {
        // Of no runs or no metric there is nothing, where REST asks for both.
        if (runIds.length === 0 || key === "") return { metrics: [] };
        const points = await sampleHistory(ctx, { runIds, key, startStep, endStep, maxResults });
        return { metrics: points.map((point) => parseJsonExactly(metricToWire(point, point.runId))) };
      },
    };
  },
};

const searchInput = message({
  experimentIds: repeated(id),
  filter: string,
  runViewType: oneOf(VIEW_TYPES),
  maxResults: int32,
  orderBy: repeated(string),
  pageToken: string,
});

const historyInput = message({
  runIds: repeated(string),
  metricKey: string,
  startStep: int64,
  endStep: int64,
  maxResults: int32,
});

interface Call extends GraphqlQuery {
  readonly field: RootField;
  readonly operation: Operation;
}

/** What was asked, or why it cannot be answered: GraphQL tells both with status 200. */
type Input = Call | { readonly refused: MlflowError };

const graphqlInput: Message<Input> = {
  repeatedNames: new Set(),
  parse: (value) => {
    const { query, variables = {} } = value as { query?: unknown; variables?: unknown };
    if (typeof query !== "string") throw invalidParameter("Missing value for required parameter 'query'.");
    try {
      const asked = parseGraphqlQuery(query);
      const { field, selection, variable } = asked;
      if (!isRootField(field)) throw invalidParameter(`Cannot query field '${field}' on type 'Query'.`);
      checkSelection(selection, RESULT_TYPES[field]);
      const values = typeof variables === "string" ? parseJsonExactly(variables) : variables;
      return { ...asked, field, operation: OPERATIONS[field]((values as Record<string, unknown> | null)?.[variable]) };
    } catch (error) {
      if (error instanceof MlflowError) return { refused: error };
      throw error;
    }
  },
};

const graphqlRoute = (method: Method): Route =>
  route({
    method,
    paths: ["/graphql"],
    permission: {
      level: "READ",
      on: (input) => ("refused" in input ? [{ kind: "server" }] : input.operation.resources),
    },
    input: graphqlInput,
    handle: async ({ ctx, input }) => {
      if ("refused" in input) return json({ data: null, errors: [input.refused.message] });
      const { field, selection, operation } = input;
      try {
        const answer = await operation.answer(ctx, selection);
        return json({ data: { [field]: select(answer, selection, RESULT_TYPES[field]) }, errors: null });
      } catch (error) {
        if (!(error instanceof MlflowError) || error.status >= 500) throw error;
        return json({ data: { [field]: null }, errors: [error.message] });
      }
    },
  });

/** The queries of MLflow's web UI for its run and experiment pages, and nothing else of GraphQL. */
export const graphqlRoutes: readonly Route[] = [graphqlRoute("GET"), graphqlRoute("POST")];
