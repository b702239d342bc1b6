import { Connection, render } from "../http/connection.ts";
import { forEachItem, type Operation, runLoad } from "../http/load.ts";
import {
  API,
  createExperiment,
  createRuns,
  FIRST_TIMESTAMP_MS,
  metricHistory,
  parseBody,
  requireEqual,
  requireOk,
} from "../mlflow-api.ts";
import { freshName, SERVERS_WITH_CEILING, type Workload } from "./workload.ts";

interface LogMetric extends Pick<Workload, "id" | "title" | "targets"> {
  readonly clients: number;
  readonly runs: number;
}

/** One point a request. Every point is new, so nothing can be dropped as a repetition. */
function logMetric({ clients, runs, ...row }: LogMetric): Workload {
  return {
    ...row,
    unit: "requests/s",
    data: "empty",
    servers: SERVERS_WITH_CEILING,
    measure: async (server, { seconds }) => {
      const setup = await Connection.open(server.port);
      const bare = server.name === "ceiling";
      const runIds = bare
        ? Array.from({ length: runs }, () => freshName("run"))
        : await createRuns(setup, await createExperiment(setup, freshName(row.id)), runs);
      const acknowledged = runIds.map(() => ({ points: 0, sum: 0 }));
      let next = 0;
      const operation: Operation = async ({ connection }) => {
        const point = next++;
        const runId = runIds[point % runs]!;
        const body = `{"run_id":"${runId}","key":"loss","value":${point},"timestamp":${FIRST_TIMESTAMP_MS + point},"step":${point}}`;
        const path = bare ? `/rows/${runId}` : `${API}/runs/log-metric`;
        const answer = await connection.send(render("POST", path, server.port, body));
        requireOk(answer, "log-metric");
        const run = acknowledged[point % runs]!;
        run.points++;
        run.sum += point;
      };
      // A run's first point costs more than the others.
      await forEachItem(server.port, clients, runIds, operation);
      const result = await runLoad({ server, clients, seconds, operation });
      for (const [index, runId] of runIds.entries()) {
        const { points, sum } = acknowledged[index]!;
        if (bare) {
          const answer = await setup.send(render("GET", `/rows/${runId}`, server.port));
          requireEqual(parseBody<{ count: number }>(answer, "rows").count, points, "rows of an object");
        } else {
          const history = await metricHistory(setup, runId, "loss");
          requireEqual(history.points.length, points, "points of a run");
          requireEqual(
            history.points.reduce((total, point) => total + point.value, 0),
            sum,
            "sum of a run's points",
          );
        }
      }
      setup.close();
      return { ...result, value: result.perSecond };
    },
  };
}

export const logMetricWorkloads: readonly Workload[] = [
  logMetric({
    id: "log-metric-1",
    title: "`log-metric`, 1 client",
    targets: { mlflow: 30, fasttrackml: 1.5, ceiling: 0.7 },
    clients: 1,
    runs: 1,
  }),
  logMetric({
    id: "log-metric-16x64",
    title: "`log-metric`, 16 clients over 64 runs",
    targets: { mlflow: 8, ceiling: 0.8 },
    clients: 16,
    runs: 64,
  }),
  logMetric({
    id: "log-metric-16x1",
    title: "`log-metric`, 16 clients on one run",
    targets: { mlflow: 18, fasttrackml: 1.5, ceiling: 1.8 },
    clients: 16,
    runs: 1,
  }),
];
