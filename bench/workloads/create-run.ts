import { type Connection, render, withConnection } from "../http/connection.ts";
import { type Client, runLoad } from "../http/load.ts";
import {
  API,
  allRuns,
  createExperiment,
  FIRST_TIMESTAMP_MS,
  parseBody,
  type RunAnswer,
  requireEqual,
  requireOk,
} from "../mlflow-api.ts";
import type { RunningServer } from "../running-server.ts";
import { freshName, SERVERS_WITH_CEILING, type Workload } from "./workload.ts";

const CLIENTS = 16;

/** The bare Worker has only the default experiment. */
const DEFAULT_EXPERIMENT_ID = "0";

interface CreateRun extends Pick<Workload, "id" | "title" | "targets"> {
  /** The number of points that each run gets at once, as from a training job. */
  readonly points: number;
}

function createRunWorkload({ points, ...row }: CreateRun): Workload {
  return {
    ...row,
    unit: "requests/s",
    data: "empty",
    servers: SERVERS_WITH_CEILING,
    measure: async (server, { seconds }) => {
      const { port } = server;
      const bare = server.name === "ceiling";
      const experimentId = bare
        ? DEFAULT_EXPERIMENT_ID
        : await withConnection(port, (connection) => createExperiment(connection, freshName(row.id)));
      const before = bare ? await withConnection(port, bareCounts) : { runs: 0, tags: 0 };
      const runIds = new Set<string>();
      let next = 0;
      const result = await runLoad({
        server,
        clients: CLIENTS,
        seconds,
        operation: async (client) => {
          const runId = await createRun(client, server, experimentId, next++);
          runIds.add(runId);
          for (let step = 0; step < points; step++) await logPoint(client, server, runId, step);
        },
      });
      requireEqual(runIds.size, next, "different run ids");
      if (bare) {
        const after = await withConnection(port, bareCounts);
        requireEqual(after.runs - before.runs, next, "runs");
        requireEqual(after.tags - before.tags, next * 3, "tags");
      } else {
        const runs = await withConnection(port, (connection) => allRuns(connection, experimentId));
        requireEqual(new Set(runs.map((run) => run.info.run_id)).size, next, "runs");
        for (const run of runs) checkRun(run, runIds, points);
      }
      return { ...result, value: result.perSecond };
    },
  };
}

async function createRun(
  { connection }: Client,
  server: RunningServer,
  experimentId: string,
  index: number,
): Promise<string> {
  const startTimeMs = FIRST_TIMESTAMP_MS + index;
  const tags = `[{"key":"mlflow.source.name","value":"train.py"},{"key":"team","value":"vision"}]`;
  const body = `{"experiment_id":"${experimentId}","run_name":"run-${index}","start_time":${startTimeMs},"tags":${tags}}`;
  const path = server.name === "ceiling" ? "/runs" : `${API}/runs/create`;
  const answer = await connection.send(render("POST", path, server.port, body));
  return parseBody<{ run: RunAnswer }>(answer, "create-run").run.info.run_id;
}

async function logPoint({ connection }: Client, server: RunningServer, runId: string, step: number): Promise<void> {
  const body = `{"run_id":"${runId}","key":"loss","value":${step + 0.5},"timestamp":${FIRST_TIMESTAMP_MS + step},"step":${step}}`;
  const path = server.name === "ceiling" ? `/rows/${runId}` : `${API}/runs/log-metric`;
  requireOk(await connection.send(render("POST", path, server.port, body)), "log-metric");
}

function checkRun(run: RunAnswer, runIds: ReadonlySet<string>, points: number): void {
  requireEqual(runIds.has(run.info.run_id), true, "a found run is one that was made");
  const tags = new Map((run.data.tags ?? []).map((tag) => [tag.key, tag.value]));
  requireEqual(tags.get("mlflow.source.name"), "train.py", "first tag of a run");
  requireEqual(tags.get("team"), "vision", "second tag of a run");
  requireEqual(run.data.metrics?.[0]?.value, points > 0 ? points - 0.5 : undefined, "latest point of a run");
}

async function bareCounts(connection: Connection): Promise<{ runs: number; tags: number }> {
  return parseBody(await connection.send(render("GET", "/runs", connection.port)), "counts");
}

export const createRunWorkloads: readonly Workload[] = [
  createRunWorkload({
    id: "create-run",
    title: "`create-run` with 2 tags, 16 clients",
    targets: { mlflow: 10, ceiling: 0.8 },
    points: 0,
  }),
  createRunWorkload({
    id: "create-run-metric",
    title: "`create-run` + first `log-metric`, 16 clients, pairs",
    targets: { mlflow: 10, ceiling: 0.8 },
    points: 1,
  }),
  createRunWorkload({
    id: "create-run-points",
    title: "`create-run` + first two points of a metric, 16 clients, pairs",
    targets: { mlflow: 10, fasttrackml: 1 },
    points: 2,
  }),
];
