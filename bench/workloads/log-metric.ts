import { type Connection, render, withConnection } from "../http/connection.ts";
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

/** The values that a run must answer. */
interface Acknowledged {
  points: number;
  sum: number;
}

/** One point per request. Every point is new, so no server can drop it as a repeat. */
function logMetric({ clients, runs, ...row }: LogMetric): Workload {
  return {
    ...row,
    unit: "requests/s",
    data: "empty",
    servers: SERVERS_WITH_CEILING,
    measure: async (server, { seconds }) => {
      const bare = server.name === "ceiling";
      const runIds = bare
        ? Array.from({ length: runs }, () => freshName("run"))
        : await withConnection(server.port, async (connection) =>
            createRuns(connection, await createExperiment(connection, freshName(row.id)), runs),
          );
      const acknowledged: Acknowledged[] = runIds.map(() => ({ points: 0, sum: 0 }));
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
      // A run's first points cost more than the others: the first may be a row of its own, and the next may create the history.
      for (let point = 0; point < 2; point++) await forEachItem(server.port, clients, runIds, operation);
      const result = await runLoad({ server, clients, seconds, operation });
      await withConnection(server.port, async (connection) => {
        for (const [index, runId] of runIds.entries()) {
          await (bare ? checkRows : checkPoints)(connection, runId, acknowledged[index]!);
        }
      });
      return { ...result, value: result.perSecond };
    },
  };
}

async function checkRows(connection: Connection, object: string, { points }: Acknowledged): Promise<void> {
  const answer = await connection.send(render("GET", `/rows/${object}`, connection.port));
  requireEqual(parseBody<{ count: number }>(answer, "rows").count, points, "rows of an object");
}

async function checkPoints(connection: Connection, runId: string, { points, sum }: Acknowledged): Promise<void> {
  const history = await metricHistory(connection, runId, "loss");
  requireEqual(history.points.length, points, "points of a run");
  const total = history.points.reduce((before, point) => before + point.value, 0);
  requireEqual(total, sum, "sum of a run's points");
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
    targets: { mlflow: 45, fasttrackml: 2, ceiling: 0.8 },
    clients: 16,
    runs: 64,
  }),
  logMetric({
    id: "log-metric-16x1",
    title: "`log-metric`, 16 clients on one run",
    targets: { mlflow: 18, fasttrackml: 2.5, ceiling: 1.8 },
    clients: 16,
    runs: 1,
  }),
];
