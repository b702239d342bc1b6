import { setTimeout as sleep } from "node:timers/promises";
import {
  checkLatestUnderLoad,
  checkOrder,
  checkRun,
  checkRunsFound,
  checkSummaries,
  type ObservedRun,
} from "./checker.ts";
import { Client } from "./client.ts";
import { CRASHES, type Crash, CrashingServer } from "./crashing-server.ts";
import { Database } from "./database.ts";
import { latestOf, RunLedger } from "./ledger.ts";
import { Load } from "./load.ts";
import { Random } from "./random.ts";

export interface CrashOptions {
  readonly seed: number;
  readonly clients: number;
  readonly runs: number;
  readonly maxPauseMs: number;
  /** The number of objects that hold the histories. If absent, the environment or the server's default decides. */
  readonly cells?: number;
  /** Called before each round. False ends the rounds. */
  readonly goesOn: (round: number) => boolean;
}

export interface CrashReport {
  readonly rounds: number;
  readonly acknowledgedPoints: number;
  readonly repeats: number;
  /** The problems. Each text begins with the problem's kind. */
  readonly problems: readonly string[];
}

/** The longest time between two crashes. Objects write to D1 when runs end, and rarely by alarms. */
const MAX_ROUND_MS = 2000;
const MAX_DRAIN_MS = 60_000;
const POLL_MS = 100;

/** Kills a server repeatedly while clients write to it. Then compares its answers with what it acknowledged. */
export async function crashRounds(options: CrashOptions): Promise<CrashReport> {
  const random = new Random(options.seed);
  const server = new CrashingServer(options.cells === undefined ? {} : { TRACKFLARE_CELLS: String(options.cells) });
  try {
    await server.start();
    const client = new Client(server.url);
    const experimentId = await client.createExperiment(`crash ${options.seed}`);
    const load = new Load(client, { ...options, experimentId });
    await load.start();
    const problems: string[] = [];
    let rounds = 0;
    let crashes: Crash[] = [];
    while (options.goesOn(rounds)) {
      await sleep(random.integer(MAX_ROUND_MS));
      // Each kind of crash occurs once before any occurs again.
      if (crashes.length === 0) crashes = [...CRASHES];
      const crash = random.pick(crashes);
      crashes = crashes.filter((other) => other !== crash);
      await server.crash(crash);
      load.round = ++rounds;
      problems.push(...(await checkUnderLoad(load)).map((problem) => `${problem} after round ${rounds}, ${crash}`));
    }
    await load.stop();
    problems.push(...load.problems);
    await server.crash(random.pick(CRASHES));
    problems.push(...(await checkAtRest(load, server)));
    return { rounds, acknowledgedPoints: load.ledger.acknowledgedCount, repeats: load.repeats, problems };
  } finally {
    await server.dispose();
  }
}

/** Checks latest values right after a restart, while clients write. */
async function checkUnderLoad({ client, ledger, options }: Load): Promise<string[]> {
  const before = ledger.runs.map((run) => ({ run, latest: run.acknowledgedLatest }));
  const found = new Map((await client.searchRuns(options.experimentId)).map((run) => [run.runId, run.latest]));
  return before.flatMap(({ run, latest }) => checkLatestUnderLoad(run, latest, found.get(run.runId) ?? new Map()));
}

/** Checks everything after all writes. Searches come first, before the objects write to D1 by themselves. */
async function checkAtRest({ client, ledger, options: { experimentId } }: Load, server: CrashingServer) {
  const found = await client.searchRuns(experimentId);
  const ledgers = new Map(ledger.runs.map((run) => [run.runId, run]));
  const observed = new Map<string, ObservedRun>();
  const problems = checkRunsFound(ledger, found);
  for (const run of found) {
    const of = ledgers.get(run.runId) ?? ledgerOfUnansweredRun(run.runId, run.name);
    const shown = await client.observeRun(run, of.keys);
    observed.set(run.runId, shown);
    problems.push(...checkRun(of, shown));
  }
  problems.push(...(await checkOrderedSearch(client, experimentId, observed)));
  problems.push(...(await checkDatabase(client, server, observed)));
  return problems;
}

/** Checks a run whose creation was not answered: no client knew its id, so only its name was ever sent. */
function ledgerOfUnansweredRun(runId: string, name: string): RunLedger {
  const ledger = new RunLedger(runId);
  ledger.register("tags", "mlflow.runName").acknowledge(name);
  return ledger;
}

async function checkOrderedSearch(client: Client, experimentId: string, runs: ReadonlyMap<string, ObservedRun>) {
  const histories = new Map([...runs].map(([runId, { history }]) => [runId, history.get("loss") ?? []]));
  const values = [...histories.values()].flatMap((points) => latestOf(points)?.value ?? []).sort((a, b) => a - b);
  const threshold = values[Math.floor(values.length / 3)] ?? 0;
  const query = { filter: `metrics.loss > ${threshold}`, order_by: ["metrics.loss DESC"] };
  const found = await client.searchRuns(experimentId, query);
  return checkOrder(
    histories,
    threshold,
    found.map((run) => run.runId),
  );
}

/** Ends the runs, waits until every object has written to D1, and reads D1's rows. */
async function checkDatabase(
  client: Client,
  server: CrashingServer,
  runs: ReadonlyMap<string, ObservedRun>,
): Promise<string[]> {
  // Otherwise the marks would be cleared only after minutes of silence.
  for (const runId of runs.keys()) await client.endRun(runId);
  const database = new Database(server.dataDir);
  try {
    const end = Date.now() + MAX_DRAIN_MS;
    while (database.liveRuns().length > 0) {
      if (Date.now() > end) return [`still live: ${database.liveRuns()}`];
      await sleep(POLL_MS);
    }
    return [...runs].flatMap(([runId, { history }]) => checkSummaries(history, database.latestMetrics(runId)));
  } finally {
    database.close();
  }
}
