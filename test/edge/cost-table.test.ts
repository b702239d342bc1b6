import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import architecture from "../../docs/architecture.md?raw";
import { ALL_APPLIED, MIGRATION_NAMES } from "../../src/stores/d1/connection/migrate.ts";
import { type Cost, Isolate } from "./edge.ts";

/*
 * The table "Round trips" of docs/architecture.md, counted: each call in an isolate that has served such calls before, and as
 * the first request of an isolate.
 */

const TEN = Array.from({ length: 10 }, (_, i) => i);

const WITH_ADMIN = { TRACKFLARE_ADMIN_PASSWORD: "the admin's own secret" } as unknown as Partial<Env>;
const OF_CELLS = { TRACKFLARE_CELLS_PER_EXPERIMENT: "1" } as unknown as Partial<Env>;
const ADMIN = { Authorization: `Basic ${btoa("admin:the admin's own secret")}` };

/** An isolate and whoever calls it. */
interface Caller {
  readonly isolate: Isolate;
  readonly by: Record<string, string>;
}

let warm: Caller;
let token: { readonly Authorization: string };
let rowsOfSchemaCheck: number;

const api = ({ isolate, by }: Caller, path: string, message: object = {}, method: "GET" | "POST" = "POST") =>
  isolate.api(method, path, message, by);
const page = ({ isolate, by }: Caller, message: object) => isolate.call("POST", "/ui-api/runs", message, by);

/** A call of the warm isolate that prepares what is counted, and is not counted itself. */
async function does<Answer>(path: string, message: object, by = warm.by): Promise<Answer> {
  return (await warm.isolate.among(`/api/2.0/mlflow/${path}`, message, by)).answer as Answer;
}

async function newExperiment(by?: Caller["by"]): Promise<string> {
  const made = await does<{ experiment_id: string }>("experiments/create", { name: crypto.randomUUID() }, by);
  return made.experiment_id;
}

/** Runs that have not ended yet. */
const begun: string[] = [];

/** Ends the runs of a row and their objects' alarms, which would be counted with a later row. */
async function endRuns(): Promise<void> {
  for (const run_id of begun.splice(0)) {
    await does("runs/update", { run_id, status: "FINISHED" });
    await runInDurableObject(env.RUNS.getByName(run_id), (_, { storage }) => storage.deleteAlarm());
  }
}

/** A run with ten params and ten tags. */
async function newRun(experiment_id: string): Promise<string> {
  const texts = TEN.map((i) => ({ key: `k${i}`, value: "v" }));
  const { run } = await does<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id, tags: texts });
  const { run_id } = run.info;
  await does("runs/log-batch", { run_id, params: texts });
  begun.push(run_id);
  return run_id;
}

const tenPoints = (run_id: string, step: number) => ({
  run_id,
  metrics: TEN.map((i) => ({ key: `m${i}`, value: step, timestamp: 1, step })),
});
const onePoint = (run_id: string, step: number) => ({ run_id, key: "m0", value: step, timestamp: 1, step });

const runAtRest = async (experimentId?: string) => {
  const runId = await newRun(experimentId ?? (await newExperiment()));
  await does("runs/log-batch", tenPoints(runId, 0));
  await does("runs/update", { run_id: runId, status: "FINISHED" });
  return runId;
};
const liveRun = async (experimentId?: string) => {
  const runId = await newRun(experimentId ?? (await newExperiment()));
  for (const step of [0, 1, 2]) await does("runs/log-batch", tenPoints(runId, step));
  return runId;
};
const experimentOf = async (create: (experimentId: string) => Promise<unknown>) => {
  const experimentId = await newExperiment();
  for (const _ of TEN) await create(experimentId);
  return experimentId;
};
const tenTimes = (create: () => Promise<unknown>) => async () => {
  for (const _ of TEN) await create();
  return "";
};
const newVersion = async () => {
  const name = crypto.randomUUID();
  await does("registered-models/create", { name });
  await does("model-versions/create", { name, source: "s3://bucket/m" });
};

const byMetric = (experimentId: string) => ({ experiment_ids: [experimentId], order_by: ["metrics.m0 DESC"] });

/** What each row of the table measures: what must be there before, and the call. */
const ROWS: readonly [
  name: string,
  prepare: () => Promise<string>,
  call: (caller: Caller, id: string) => Promise<Cost>,
][] = [
  ["`/health`, `/version`, server-info", async () => "", ({ isolate }) => isolate.call("GET", "/health")],
  ["`experiments/create`", async () => "", (c) => api(c, "experiments/create", { name: crypto.randomUUID() })],
  ["`runs/create`", () => newExperiment(), (c, experiment_id) => api(c, "runs/create", { experiment_id })],
  [
    "`logged-models`",
    () => newExperiment(),
    (c, experiment_id) => api(c, "logged-models", { experiment_id, name: "m" }),
  ],
  [
    "`registered-models/create`",
    async () => "",
    (c) => api(c, "registered-models/create", { name: crypto.randomUUID() }),
  ],
  [
    "`experiments/search`, a page of ten",
    tenTimes(() => newExperiment()),
    (c) => api(c, "experiments/search", { max_results: 10 }),
  ],
  [
    "`registered-models/search`, a page of ten",
    tenTimes(newVersion),
    (c) => api(c, "registered-models/search", { max_results: "10" }, "GET"),
  ],
  [
    "`model-versions/search`, a page of ten",
    tenTimes(newVersion),
    (c) => api(c, "model-versions/search", { max_results: "10" }, "GET"),
  ],
  [
    "`logged-models/search`, a page of ten",
    () => experimentOf((experiment_id) => does("logged-models", { experiment_id, name: "m" })),
    (c, experimentId) => api(c, "logged-models/search", { experiment_ids: [experimentId], max_results: 10 }),
  ],
  ["`runs/get` of a run at rest", () => runAtRest(), (c, run_id) => api(c, "runs/get", { run_id }, "GET")],
  [
    "the same, once more",
    async () => {
      const runId = await runAtRest();
      await warm.isolate.api("GET", "runs/get", { run_id: runId });
      return runId;
    },
    (c, run_id) => api(c, "runs/get", { run_id }, "GET"),
  ],
  ["`runs/get` of a live run", () => liveRun(), (c, run_id) => api(c, "runs/get", { run_id }, "GET")],
  [
    "`runs/search` of ten runs at rest",
    () => experimentOf(runAtRest),
    (c, experimentId) => api(c, "runs/search", { experiment_ids: [experimentId] }),
  ],
  [
    "the same, once more",
    async () => {
      const experimentId = await experimentOf(runAtRest);
      await does("runs/search", { experiment_ids: [experimentId] });
      return experimentId;
    },
    (c, experimentId) => api(c, "runs/search", { experiment_ids: [experimentId] }),
  ],
  [
    "`runs/search` of ten live runs",
    () => experimentOf(liveRun),
    (c, experimentId) => api(c, "runs/search", { experiment_ids: [experimentId] }),
  ],
  [
    "the same, ordered by a metric of which all runs have new points",
    () => experimentOf(liveRun),
    (c, experimentId) => api(c, "runs/search", byMetric(experimentId)),
  ],
  [
    "the same, with nothing new",
    async () => {
      const experimentId = await experimentOf(liveRun);
      await does("runs/search", byMetric(experimentId));
      return experimentId;
    },
    (c, experimentId) => api(c, "runs/search", byMetric(experimentId)),
  ],
  [
    "the runs table of ten live runs without metrics",
    () => experimentOf(liveRun),
    (c, experimentId) => page(c, { experiment_ids: [experimentId], columns: ["params.k0"], count: true }),
  ],
  [
    "the runs table of ten live runs with a metric",
    () => experimentOf(liveRun),
    (c, experimentId) => page(c, { experiment_ids: [experimentId], columns: ["metrics.m0"] }),
  ],
  [
    "`log-metric`: a run's first point",
    async () => newRun(await newExperiment()),
    (c, runId) => api(c, "runs/log-metric", onePoint(runId, 0)),
  ],
  [
    "the point that creates the object: append, and within it the mark",
    async () => {
      const runId = await newRun(await newExperiment());
      await does("runs/log-metric", onePoint(runId, 0));
      return runId;
    },
    (c, runId) => api(c, "runs/log-metric", onePoint(runId, 1)),
  ],
  ["a point in a burst", () => liveRun(), (c, runId) => api(c, "runs/log-metric", onePoint(runId, 3))],
  [
    "the same, if the object's instance is new",
    async () => {
      const runId = await liveRun();
      await evictDurableObject(env.RUNS.getByName(runId));
      return runId;
    },
    (c, runId) => api(c, "runs/log-metric", onePoint(runId, 3)),
  ],
  [
    "ten points in a burst by `log-batch`",
    () => liveRun(),
    (c, runId) => api(c, "runs/log-batch", tenPoints(runId, 3)),
  ],
  [
    "a param and a point by `log-batch`, of a live run",
    () => liveRun(),
    (c, run_id) =>
      api(c, "runs/log-batch", {
        run_id,
        metrics: [{ key: "m0", value: 3, timestamp: 1, step: 3 }],
        params: [{ key: "p", value: "1" }],
      }),
  ],
  [
    "`runs/update` that ends a live run; the object tells D1 after the answer",
    () => liveRun(),
    (c, run_id) => api(c, "runs/update", { run_id, status: "FINISHED", end_time: 5 }),
  ],
];

/** The rows of a server that asks for credentials. */
const ROWS_OF_CREDENTIALS: typeof ROWS = [
  [
    "a point in a burst, by a user's token",
    async () => {
      const runId = await liveRun(await newExperiment(token));
      await does("runs/log-metric", onePoint(runId, 3), token);
      return runId;
    },
    ({ isolate }, runId) => api({ isolate, by: token }, "runs/log-metric", onePoint(runId, 4)),
  ],
  [
    "a point in a burst, by the admin's password",
    () => liveRun(),
    (c, runId) => api(c, "runs/log-metric", onePoint(runId, 3)),
  ],
];

/** The rows of cells, whose isolates have other settings. */
const ROWS_OF_CELLS: typeof ROWS = [
  [
    "a first point of a run of a cell",
    async () => newRun(await newExperiment()),
    (c, runId) => api(c, "runs/log-metric", onePoint(runId, 0)),
  ],
  ["a point in a burst of a cell", () => liveRun(), (c, runId) => api(c, "runs/log-metric", onePoint(runId, 3))],
];

/** What a row says, warm and then in a new isolate. */
type Counts = Record<"rounds" | "read" | "written" | "objectRead" | "objectWritten", number>;

function countsOf({ rounds, trips, d1Read, d1Written, objectRead, objectWritten }: Cost): Counts {
  const isCheckingSchema = trips.some(({ what }) => what.includes("d1_migrations"));
  const read = d1Read - (isCheckingSchema ? rowsOfSchemaCheck : 0);
  return { rounds, read, written: d1Written, objectRead, objectWritten };
}

const lineOf = (name: string, counts: readonly Counts[]) =>
  `| ${[name, ...counts.flatMap((one) => [one.rounds, `${one.read} / ${one.written}`, `${one.objectRead} / ${one.objectWritten}`])].join(" | ")} |`;

function countsIn(line: string): Counts[] {
  const numbers = line.split(" | ").slice(1).join(" ").match(/\d+/g)?.map(Number) ?? [];
  return [0, 5].map((from) => {
    const [rounds = -1, read = -1, written = -1, objectRead = -1, objectWritten = -1] = numbers.slice(from, from + 5);
    return { rounds, read, written, objectRead, objectWritten };
  });
}

/** Where rows are in a table of random ids decides of a few how often they are read. */
const isNearly = (actual: Counts, said: Counts) =>
  JSON.stringify({ ...actual, read: 0, written: 0 }) === JSON.stringify({ ...said, read: 0, written: 0 }) &&
  Math.abs(actual.written - said.written) <= said.written / 10 &&
  Math.abs(actual.read - said.read) <= 3 + said.read / 10;

/** An object that a new isolate has ended here, which the edge does not do, fails once. */
async function beginGates(): Promise<void> {
  const names = ["key", ...Array.from({ length: 8 }, (_, i) => `attempts ${i}`)];
  await Promise.allSettled(names.map((name) => env.GATE.getByName(name).beginAttempt([])));
}

async function measured(
  rows: typeof ROWS,
  settings: Partial<Env>,
  by: Caller["by"],
): Promise<{ name: string; counts: Counts[] }[]> {
  warm = { isolate: await Isolate.start(settings), by };
  const found: { name: string; counts: Counts[] }[] = [];
  for (const [name, prepare, call] of rows) {
    const fresh = { isolate: await Isolate.start(settings), by };
    await beginGates();
    await call(warm, await prepare());
    const inWarm = await call(warm, await prepare());
    const inNew = await call(fresh, await prepare());
    await endRuns();
    found.push({ name, counts: [inWarm, inNew].map(countsOf) });
  }
  return found;
}

beforeAll(async () => {
  // Its first request brings the schema up.
  warm = { isolate: await Isolate.start(WITH_ADMIN), by: ADMIN };
  await does("users/create", { username: "ada", password: "correct horse battery" });
  const asked = { username: "ada", name: "t", scopes: ["read", "write"] };
  const { answer } = await warm.isolate.call("POST", "/api/2.0/trackflare/tokens/create", asked, ADMIN);
  token = { Authorization: `Bearer ${(answer as { secret: string }).secret}` };
  const { meta } = await env.DB.prepare(`SELECT ${ALL_APPLIED}, FALSE`).bind(MIGRATION_NAMES).run();
  rowsOfSchemaCheck = meta.rows_read;
});

test("docs/architecture.md has the counts of each call", { timeout: 240_000 }, async () => {
  const found = [
    ...(await measured(ROWS, {}, {})),
    ...(await measured(ROWS_OF_CREDENTIALS, WITH_ADMIN, ADMIN)),
    ...(await measured(ROWS_OF_CELLS, OF_CELLS, {})),
  ];
  const [, table = ""] = /\n\| call \|.*\n\|[-:|]+\|\n((?:\|.*\n)+)/.exec(architecture) ?? [];
  const said = table.trimEnd().split("\n");
  const lines = found.map(({ name, counts }, index) => {
    const line = said[index] ?? "";
    const saidCounts = countsIn(line);
    const isRight = line.startsWith(`| ${name} |`) && counts.every((one, at) => isNearly(one, saidCounts[at]!));
    return isRight ? line : lineOf(name, counts);
  });
  expect(lines.join("\n")).toBe(said.join("\n"));
});
