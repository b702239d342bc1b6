import type { Acceptance, NewsOfRun, NewsRequest, RunBody } from "./cell.ts";
import type { ChartOptions, ChartSeries } from "./chart-series.ts";
import type { RunDurableObject } from "./durable-object.ts";
import type { HistoryReader, ReadOptions, SampleOptions } from "./history.ts";
import { CELL_HEADER, RUN_ID_HEADER, type RunNotice, UNTIL_HEADER } from "./live-sockets.ts";
import type { Confirmed, RunNews } from "./open-run.ts";
import type { Series } from "./series.ts";

/** A run, and the object that has its history. */
export interface RunPlace {
  readonly runId: string;
  /** The object's name if it is a cell; empty if it is the run's own. */
  readonly cell: string;
}

/** Maximum number of calls to objects in one request. The platform allows 1,000 calls, and D1 and the answer need some too. */
export const MAX_ASKED_OBJECTS = 800;

/** Maximum number of objects that one request calls at the same time. */
export const OBJECTS_AT_A_TIME = 32;

/**
 * The only place that finds the object of a run. Only for runs that D1 has: naming an object creates it.
 * @param near where the client is that logs the run: a new object is created there. Readers do not create an object.
 */
export function runObject(env: Env, place: RunPlace, near?: DurableObjectLocationHint): RunObject {
  return new RunObject(objectNamed(env, objectNameOf(place), near), place);
}

function objectNameOf({ cell, runId }: RunPlace): string {
  return cell || runId;
}

/** The runs by the object that has their history. */
export function groupByObject<Place extends RunPlace>(runs: readonly Place[]): Place[][] {
  return [...Map.groupBy(runs, objectNameOf).values()];
}

function objectNamed(env: Env, name: string, near?: DurableObjectLocationHint): DurableObjectStub<RunDurableObject> {
  return env.RUNS.get(env.RUNS.idFromName(name), near && { locationHint: near });
}

/** Creates a cell, if it is new, near the client that has created a run of the cell. Otherwise a search could be first. */
export async function createCell(env: Env, cell: string, near: DurableObjectLocationHint): Promise<void> {
  await objectNamed(env, cell, near).lastChanges([]);
}

/** The calls to a run's object, whether it is a cell or the run's own. */
export class RunObject implements HistoryReader {
  readonly #stub: DurableObjectStub<RunDurableObject>;
  readonly #runId: string;
  readonly #cell: string;
  /** Own objects are called without an id, as before there were cells. */
  readonly #idInCell: string | undefined;

  constructor(stub: DurableObjectStub<RunDurableObject>, { runId, cell }: RunPlace) {
    this.#stub = stub;
    this.#runId = runId;
    this.#cell = cell;
    this.#idInCell = cell === "" ? undefined : runId;
  }

  /**
   * Appends points made by `encodePoints`, all or none.
   * @param createdMs when the run was created, if the caller knows: its cell then need not ask D1 about it
   */
  async append(body: Uint8Array, createdMs?: number): Promise<Acceptance> {
    if (this.#cell !== "") return await this.#stub.appendInCell(this.#cell, this.#runId, body, createdMs);
    return (await this.#stub.append(this.#runId, body)) ? "stored" : "refused";
  }

  async read(key: string, options: ReadOptions): Promise<Series> {
    return await this.#stub.read(key, options, this.#idInCell);
  }

  async sample(key: string, options: SampleOptions): Promise<Series> {
    return await this.#stub.sample(key, options, this.#idInCell);
  }

  async chart(keys: readonly string[], options: ChartOptions): Promise<ChartSeries[]> {
    return await this.#stub.chart(keys, options, this.#idInCell);
  }

  /** Sends a notice to the watchers of the run. */
  async tell(notice: RunNotice): Promise<void> {
    await this.#stub.tell(notice, this.#idInCell);
  }

  /** Tells D1 now, and ends the burst. @returns whether somebody watches the run */
  async flush(): Promise<boolean> {
    // An object of the previous version answers nothing.
    return (await this.#stub.flush(this.#idInCell, this.#cell)) ?? true;
  }

  /** Removes everything stored for the run. D1 must no longer have the run, so that it takes no more points. */
  async purge(): Promise<void> {
    await this.#stub.purge(this.#runId, this.#cell);
  }

  /**
   * The answer to a request for a socket that sends the run's points.
   * @param untilMs until when the socket may send, in milliseconds since 1970; undefined: until it is closed
   */
  async watch(untilMs: number | undefined): Promise<Response> {
    // New headers, so that none of the client's headers reach the object.
    const headers = new Headers({ Upgrade: "websocket", [RUN_ID_HEADER]: this.#runId, [CELL_HEADER]: this.#cell });
    if (untilMs !== undefined) headers.set(UNTIL_HEADER, String(untilMs));
    return await this.#stub.fetch(new Request("https://run.invalid/", { headers }));
  }
}

/**
 * Appends points of several runs to their cell, each run's all or none.
 * @param near as in {@link runObject}
 * @returns the ids of the runs whose points are stored
 */
export async function appendInCell(
  env: Env,
  cell: string,
  appends: readonly RunBody[],
  near?: DurableObjectLocationHint,
): Promise<ReadonlySet<string>> {
  const acceptances = await objectNamed(env, cell, near).appendAllInCell(cell, appends);
  return new Set(appends.flatMap(({ runId }, index) => (acceptances[index] === "stored" ? [runId] : [])));
}

/**
 * Tells one object that runs were deleted in D1: their next points must ask D1 again. All runs are in the same object.
 */
export async function endBursts(env: Env, runs: readonly RunPlace[]): Promise<void> {
  const [first] = runs;
  if (first === undefined) return;
  const runIds = runs.map(({ runId }) => runId);
  if (first.cell === "") await objectNamed(env, first.runId).endBurst();
  else await objectNamed(env, first.cell).endBurstsOf(runIds, first.cell);
}

/** Has one object tell D1 everything of these runs now, and end their bursts. All runs are in the same object. */
export async function flushHistories(env: Env, runs: readonly RunPlace[]): Promise<void> {
  const [first] = runs;
  if (first === undefined) return;
  const runIds = runs.map(({ runId }) => runId);
  if (first.cell === "") await runObject(env, first).flush();
  else await objectNamed(env, first.cell).flushRuns(runIds, first.cell);
}

/** The last change of each of one object's runs: see `RunDurableObject.lastChange`. */
export async function askLastChanges(env: Env, runs: readonly RunPlace[]): Promise<[runId: string, through: number][]> {
  const [first] = runs;
  if (first === undefined) return [];
  const stub = objectNamed(env, objectNameOf(first));
  if (first.cell === "") return [[first.runId, await stub.lastChange()]];
  const runIds = runs.map(({ runId }) => runId);
  const all = await stub.lastChanges(runIds);
  return runIds.flatMap((runId, index) => {
    const through = all[index];
    return through === undefined ? [] : [[runId, through]];
  });
}

/** The number of points that one object has of these runs. All runs are in the same object. */
export async function countPoints(env: Env, runs: readonly RunPlace[]): Promise<number> {
  const [first] = runs;
  if (first === undefined) return 0;
  const runIds = first.cell === "" ? [undefined] : runs.map(({ runId }) => runId);
  return await objectNamed(env, objectNameOf(first)).countPoints(runIds);
}

/** Removes everything that one object stores for runs that D1 no longer has. All runs are in the same object. */
export async function purgeHistories(env: Env, runs: readonly RunPlace[]): Promise<void> {
  const [first] = runs;
  if (first === undefined) return;
  if (first.cell === "") await runObject(env, first).purge();
  else
    await objectNamed(env, first.cell).purgeRuns(
      runs.map(({ runId }) => runId),
      first.cell,
    );
}

/** A request to one object, and the object's name. */
export interface ObjectRequest {
  readonly cell: string;
  /** A single run if the object is the run's own. */
  readonly runs: readonly NewsRequest[];
}

/** Groups runs that D1 marks live by the object to ask. */
export function byObject(
  runs: readonly RunPlace[],
  confirmedOf: (runId: string) => Confirmed | undefined,
  keys?: readonly string[],
): ObjectRequest[] {
  const requests: ObjectRequest[] = [];
  for (const [cell, ofCell] of Map.groupBy(runs, (run) => run.cell)) {
    const asked = ofCell.map(({ runId }) => ({ runId, confirmed: confirmedOf(runId), keys }));
    if (cell === "") requests.push(...asked.map((run) => ({ cell, runs: [run] })));
    else requests.push({ cell, runs: asked });
  }
  return requests;
}

/** What D1 has not seen of the first runs of a request: of as many as one answer holds. */
export async function askForNews(env: Env, { cell, runs }: ObjectRequest): Promise<NewsOfRun[]> {
  if (cell !== "") return await objectNamed(env, cell).unflushedOf(runs);
  const { runId, confirmed, keys } = runs[0]!;
  const news: RunNews = await objectNamed(env, runId).unflushed(confirmed, keys);
  return [{ runId, news }];
}
