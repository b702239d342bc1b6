import { render, withConnection } from "../http/connection.ts";
import type { Answer } from "../http/response-parser.ts";
import { API, experimentIdByName, parseBody, type RunAnswer, type RunPage, requireEqual } from "../mlflow-api.ts";
import { RUNS_EXPERIMENT, type SeededRun, seededRun } from "../seeded-runs.ts";
import { timeRequests } from "./timed-requests.ts";
import { TRACKING_SERVERS, type Workload } from "./workload.ts";

interface SearchRunsWorkload extends Pick<Workload, "id" | "title" | "targets"> {
  readonly maxResults: number;
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  /** The same filter and order, over all seeded runs. */
  readonly matches?: (run: SeededRun) => boolean;
  readonly compare?: (a: SeededRun, b: SeededRun) => number;
}

function searchRuns({ maxResults, filter, orderBy, matches, compare, ...row }: SearchRunsWorkload): Workload {
  return {
    ...row,
    unit: "ms",
    data: "runs",
    servers: TRACKING_SERVERS,
    measure: async (server, { seconds, runs }) => {
      const expected = Array.from({ length: runs }, (_, index) => seededRun(index, runs))
        .filter(matches ?? (() => true))
        .sort(compare ?? ((a, b) => b.startTimeMs - a.startTimeMs))
        .slice(0, maxResults);
      return withConnection(server.port, async (connection) => {
        const search = {
          experiment_ids: [await experimentIdByName(connection, RUNS_EXPERIMENT)],
          max_results: maxResults,
          ...(filter === undefined ? {} : { filter }),
          ...(orderBy === undefined ? {} : { order_by: orderBy }),
        };
        const request = render("POST", `${API}/runs/search`, server.port, JSON.stringify(search));
        return timeRequests(server, connection, request, seconds, (answer) => checkPage(answer, expected));
      });
    },
  };
}

function checkPage(answer: Answer, expected: readonly SeededRun[]): void {
  const { runs = [] } = parseBody<RunPage>(answer, "runs/search");
  requireEqual(runs.length, expected.length, "runs of a page");
  for (const [index, run] of runs.entries()) checkRun(run, expected[index]!);
}

function checkRun(run: RunAnswer, expected: SeededRun): void {
  requireEqual(run.info.run_name, expected.runName, "a run's place in the page");
  const metrics = run.data.metrics ?? [];
  requireEqual(metrics.length, Object.keys(expected.metrics).length, "metrics of a run");
  for (const { key, value } of metrics) requireEqual(value, expected.metrics[key], `metric ${key}`);
  const params = new Map((run.data.params ?? []).map((param) => [param.key, param.value]));
  requireEqual(params.size, expected.params.length, "params of a run");
  for (const { key, value } of expected.params) requireEqual(params.get(key), value, `param ${key}`);
  const tags = new Map((run.data.tags ?? []).map((tag) => [tag.key, tag.value]));
  for (const { key, value } of expected.tags) requireEqual(tags.get(key), value, `tag ${key}`);
}

const byLoss = (a: SeededRun, b: SeededRun) => a.metrics.loss! - b.metrics.loss!;

export const searchRunsWorkloads: readonly Workload[] = [
  searchRuns({
    id: "search-first-page",
    title: "{runs} runs: first page of 100",
    targets: { mlflow: 12, fasttrackml: 5 },
    maxResults: 100,
  }),
  searchRuns({
    id: "search-metric",
    title: "… `metrics.acc > 0.9` ordered by `metrics.loss`, 100",
    targets: { mlflow: 45, fasttrackml: 2 },
    maxResults: 100,
    filter: "metrics.acc > 0.9",
    orderBy: ["metrics.loss ASC"],
    matches: (run) => run.metrics.acc! > 0.9,
    compare: byLoss,
  }),
  searchRuns({
    id: "search-param-tag",
    title: "… a param and a tag, 100",
    targets: { mlflow: 8, fasttrackml: 3 },
    maxResults: 100,
    filter: "params.p0 = '3' and tags.t0 = '7'",
    matches: (run) => run.params[0]?.value === "3" && run.tags[0]?.value === "7",
  }),
  searchRuns({
    id: "search-1000",
    title: "… 1,000 runs ordered by a metric",
    targets: { mlflow: 150, fasttrackml: 5 },
    maxResults: 1000,
    orderBy: ["metrics.loss DESC"],
    compare: (a, b) => byLoss(b, a),
  }),
];
