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
import type { RunningServer } from "../running-server.ts";
import { GRANTED_USER } from "../seeded-grants.ts";
import { basic } from "../servers.ts";
import { freshName, SERVERS_WITH_CEILING, SERVERS_WITH_USERS, type Workload } from "./workload.ts";

interface LogMetric extends Pick<Workload, "id" | "title" | "targets" | "beside"> {
  readonly clients: number;
  readonly runs: number;
  /** Whether the server asks for credentials, and a user logs: with a token where the server has tokens. */
  readonly isClosed?: true;
}

/** The values that a run must answer. */
interface Acknowledged {
  points: number;
  sum: number;
}

/** One point per request. Every point is new, so no server can drop it as a repeat. */
function logMetric({ clients, runs, isClosed, ...row }: LogMetric): Workload {
  return {
    ...row,
    unit: "requests/s",
    data: isClosed ? "users" : "empty",
    servers: isClosed ? SERVERS_WITH_USERS : SERVERS_WITH_CEILING,
    measure: async (server, { seconds }) => {
      const bare = server.name === "ceiling";
      const caller = isClosed ? await jobOf(server) : "";
      const runIds = bare
        ? Array.from({ length: runs }, () => freshName("run"))
        : await withConnection(
            server.port,
            async (connection) => createRuns(connection, await createExperiment(connection, freshName(row.id)), runs),
            caller,
          );
      const acknowledged: Acknowledged[] = runIds.map(() => ({ points: 0, sum: 0 }));
      let next = 0;
      const operation: Operation = async ({ connection }) => {
        const point = next++;
        const runId = runIds[point % runs]!;
        const body = `{"run_id":"${runId}","key":"loss","value":${point},"timestamp":${FIRST_TIMESTAMP_MS + point},"step":${point}}`;
        const path = bare ? `/rows/${runId}` : `${API}/runs/log-metric`;
        const answer = await connection.send(render("POST", path, server.port, body, caller));
        requireOk(answer, "log-metric");
        const run = acknowledged[point % runs]!;
        run.points++;
        run.sum += point;
      };
      // A run's first points cost more than the others: the first may be a row of its own, and the next may create the history.
      for (let point = 0; point < 2; point++) await forEachItem(server.port, clients, runIds, operation);
      const result = await runLoad({ server, clients, seconds, operation });
      await withConnection(
        server.port,
        async (connection) => {
          for (const [index, runId] of runIds.entries()) {
            await (bare ? checkRows : checkPoints)(connection, runId, acknowledged[index]!);
          }
        },
        caller,
      );
      return { ...result, value: result.perSecond };
    },
  };
}

/** The credentials of a user's job: a new token, or the password where the server has no tokens. */
async function jobOf({ name, port }: RunningServer): Promise<string> {
  if (name !== "trackflare") return basic(GRANTED_USER);
  const asked = { name: freshName("job"), scopes: ["read", "write"] };
  const path = "/api/2.0/trackflare/tokens/create";
  const request = render("POST", path, port, JSON.stringify(asked), basic(GRANTED_USER));
  const answer = await withConnection(port, (connection) => connection.send(request));
  return `Bearer ${parseBody<{ secret: string }>(answer, path).secret}`;
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
  logMetric({
    id: "log-metric-token-1",
    title: "`log-metric` with a token, 1 client (MLflow: with a password)",
    clients: 1,
    runs: 1,
    isClosed: true,
    beside: { row: "log-metric-1", least: 0.95 },
  }),
  logMetric({
    id: "log-metric-token-16x64",
    title: "… 16 clients over 64 runs",
    clients: 16,
    runs: 64,
    isClosed: true,
    beside: { row: "log-metric-16x64", least: 0.95 },
  }),
];
