import { render, withConnection } from "../http/connection.ts";
import { forEachItem, runLoad } from "../http/load.ts";
import {
  API,
  createExperiment,
  createRuns,
  FIRST_TIMESTAMP_MS,
  metricHistory,
  parseBody,
  type RunAnswer,
  type RunPage,
  requireEqual,
  requireOk,
} from "../mlflow-api.ts";
import { timeRequests } from "./timed-requests.ts";
import { freshName, TRACKING_SERVERS, type Workload } from "./workload.ts";

const CLIENTS = 16;
const METRICS = 5;
const POINTS = 5;
const LIVE_RUNS = 1000;
const PAGE = 100;

/** A short run from its creation to its end, like a sweep's runs. */
const shortRuns: Workload = {
  id: "short-runs",
  title: `short runs: create, ${POINTS} × \`log-batch\` of ${METRICS} metrics, end, 16 clients`,
  unit: "requests/s",
  targets: { mlflow: 10 },
  data: "empty",
  servers: TRACKING_SERVERS,
  measure: async (server, { seconds }) => {
    const { port } = server;
    const experimentId = await withConnection(port, (connection) => createExperiment(connection, freshName("short")));
    const done: string[] = [];
    const result = await runLoad({
      server,
      clients: CLIENTS,
      seconds,
      operation: async ({ connection }) => {
        const post = (path: string, body: object) =>
          connection.send(render("POST", `${API}/${path}`, port, JSON.stringify(body)));
        const created = await post("runs/create", { experiment_id: experimentId, start_time: FIRST_TIMESTAMP_MS });
        const runId = parseBody<{ run: RunAnswer }>(created, "create-run").run.info.run_id;
        for (let step = 0; step < POINTS; step++) {
          const timestamp = FIRST_TIMESTAMP_MS + step;
          const metrics = Array.from({ length: METRICS }, (_, i) => ({ key: `m${i}`, value: step, timestamp, step }));
          requireOk(await post("runs/log-batch", { run_id: runId, metrics }), "log-batch");
        }
        requireOk(await post("runs/update", { run_id: runId, status: "FINISHED" }), "update");
        done.push(runId);
      },
    });
    await withConnection(port, async (connection) => {
      for (const runId of done.slice(0, 20)) {
        requireEqual((await metricHistory(connection, runId, "m4")).points.length, POINTS, "points of a short run");
      }
    });
    return { ...result, value: result.perSecond };
  },
};

/** A search while many runs are in the middle of logging. */
const searchBesideLiveRuns: Workload = {
  id: "search-live",
  title: `\`runs/search\`, page of ${PAGE}, beside ${LIVE_RUNS} live runs`,
  unit: "ms",
  targets: { mlflow: 1 },
  most: 50,
  data: "empty",
  servers: TRACKING_SERVERS,
  measure: async (server, { seconds }) => {
    const { port } = server;
    const { experimentId, runIds } = await withConnection(port, async (connection) => {
      const experimentId = await createExperiment(connection, freshName("live"));
      return { experimentId, runIds: await createRuns(connection, experimentId, LIVE_RUNS) };
    });
    for (let step = 0; step < 2; step++) {
      await forEachItem(port, CLIENTS, runIds, async (client, runId) => {
        const point = { run_id: runId, key: "loss", value: step, timestamp: FIRST_TIMESTAMP_MS + step, step };
        const request = render("POST", `${API}/runs/log-metric`, port, JSON.stringify(point));
        requireOk(await client.connection.send(request), "log-metric");
      });
    }
    // The server would close a connection that was idle meanwhile.
    return withConnection(port, async (connection) => {
      const search = { experiment_ids: [experimentId], max_results: PAGE, order_by: ["metrics.loss DESC"] };
      const request = render("POST", `${API}/runs/search`, port, JSON.stringify(search));
      return timeRequests(server, connection, request, seconds, (answer) => {
        const { runs = [] } = parseBody<RunPage>(answer, "runs/search");
        requireEqual(runs.length, PAGE, "runs of a page");
        for (const run of runs) requireEqual(run.data.metrics?.[0]?.value, 1, "latest value of a live run");
      });
    });
  },
};

export const manyRunsWorkloads: readonly Workload[] = [shortRuns, searchBesideLiveRuns];
