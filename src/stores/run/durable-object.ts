import { DurableObject } from "cloudflare:workers";
import { latestMetricsOf } from "../d1/metrics/run-flushes.ts";
import { type Acceptance, Cell, type NewsOfRun, type NewsRequest, type RunBody } from "./cell.ts";
import { type ChartOptions, type ChartSeries, chartSeries } from "./chart-series.ts";
import type { HistoryReader, ReadOptions, SampleOptions } from "./history.ts";
import { CELL_HEADER, LiveSockets, PING, PONG, RUN_ID_HEADER, type RunNotice, UNTIL_HEADER } from "./live-sockets.ts";
import type { Confirmed, OpenRun, RunNews } from "./open-run.ts";
import { type Series, SeriesBuilder } from "./series.ts";

/** The news of an object that stores nothing. */
const NO_NEWS: RunNews = { rows: [], epoch: 0, through: 0, isIdle: true };

/**
 * Holds metric histories: of the one run that the object is named after, or of all runs of a cell. Acknowledges points once
 * they are durable here, and tells D1 later. {@link Cell} does the work; this class has the methods that the platform
 * calls.
 *
 * For minutes after each deploy, the previous and the next version of the Worker call these methods too: do not change a
 * method, add new ones. `runId` names a run of a cell; without it the object's own run is meant.
 */
export class RunDurableObject extends DurableObject<Env> implements HistoryReader {
  #cell = this.#newCell();
  /** The cell's name; empty if the object is a run's own. */
  #name: string | undefined;

  /** Appends to the object's own run. @returns false, with nothing changed, when the run is not active. */
  async append(runId: string, body: Uint8Array): Promise<boolean> {
    const run = this.#cell.own();
    const isStored = await this.#cell.append(run, runId, body);
    if (!isStored) await this.#forget(run);
    return isStored;
  }

  /**
   * Appends to a run of the cell of this name.
   * @param createdMs when the run was created with a mark in D1, if the caller knows; see `CellRuns.add`
   */
  async appendInCell(cell: string, runId: string, body: Uint8Array, createdMs?: number): Promise<Acceptance> {
    this.#nameCell(cell);
    const run = this.#cell.admit(runId, createdMs);
    if (run === undefined) return "full";
    if (await this.#cell.append(run, runId, body)) return "stored";
    await this.#forget(run);
    return "refused";
  }

  /** `appendInCell` for several runs, which so share the object's commits. @returns what became of each, in their order */
  async appendAllInCell(cell: string, appends: readonly RunBody[]): Promise<Acceptance[]> {
    return await Promise.all(appends.map(({ runId, body }) => this.appendInCell(cell, runId, body)));
  }

  /** What D1 has not seen of the own run: see `OpenRun.newsFor`. */
  unflushed(confirmed?: Confirmed, keys?: readonly string[]): RunNews {
    return this.#cell.isStored ? this.#cell.own().newsFor(confirmed, keys) : NO_NEWS;
  }

  /** What D1 has not seen of runs of a cell: of the first requested ones, as many as one answer holds. */
  unflushedOf(requests: readonly NewsRequest[]): NewsOfRun[] {
    return this.#cell.news(requests);
  }

  /** The run was deleted in D1: the next point must ask D1 again. */
  endBurst(runId?: string): void {
    if (runId !== undefined || this.#cell.isStored) this.#cell.endBursts([runId]);
  }

  /** `endBurst` for runs of the cell of this name. */
  endBurstsOf(runIds: readonly string[], cell = ""): void {
    if (cell !== "") this.#nameCell(cell);
    this.#cell.endBursts(runIds);
  }

  /**
   * Tells D1 now, and ends the burst.
   * @param cell the cell's name, for a run of a cell
   * @returns whether the run has watchers, who must then be told what changed
   */
  async flush(runId?: string, cell = ""): Promise<boolean> {
    if (cell !== "") this.#nameCell(cell);
    else if (!this.#cell.isStored) return false;
    const run = runId === undefined ? this.#cell.own() : this.#cell.admitMarked(runId);
    const isInD1 = await this.#cell.flush(run, true);
    // The run was deleted for good before this call arrived.
    if (!isInD1 && runId !== undefined && run.history.isEmpty) await this.#cell.purge(runId);
    return run.sockets.hasWatchers;
  }

  /** `flush` for runs of the cell of this name, which share the writes to D1. */
  async flushRuns(runIds: readonly string[], cell: string): Promise<void> {
    await Promise.all(runIds.map((runId) => this.flush(runId, cell)));
  }

  read(key: string, options: ReadOptions, runId?: string): Promise<Series> {
    return this.#read(runId, new SeriesBuilder().toSeries(), ({ history }) => history.read(key, options));
  }

  sample(key: string, options: SampleOptions, runId?: string): Promise<Series> {
    return this.#read(runId, new SeriesBuilder().toSeries(), ({ history }) => history.sample(key, options));
  }

  chart(keys: readonly string[], options: ChartOptions, runId?: string): Promise<ChartSeries[]> {
    const nothing = keys.map((key) => chartSeries(() => [], key, options));
    return this.#read(runId, nothing, ({ history }) => history.chart(keys, options));
  }

  /**
   * Opens a socket for a watcher of a run: see `LiveSockets`. The run stays live while it is watched, so that this object
   * learns of changes.
   */
  override async fetch(request: Request): Promise<Response> {
    const runId = request.headers.get(RUN_ID_HEADER) ?? "";
    const cell = request.headers.get(CELL_HEADER) ?? "";
    if (cell !== "") this.#nameCell(cell);
    const run = cell === "" ? this.#cell.own() : this.#cell.admit(runId);
    if (run === undefined) return new Response("This cell takes no more runs", { status: 503 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [runId]);
    const untilMs = request.headers.get(UNTIL_HEADER);
    if (untilMs !== null) server.serializeAttachment(Number(untilMs));
    this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    run.sockets.recount();
    try {
      await run.markForWatcher(runId);
    } catch (error) {
      // The watcher still gets points; the next burst marks the run.
      console.error("mark of run", runId, error);
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    const [runId] = this.ctx.getTags(socket);
    socket.close();
    if (!this.#cell.isStored) return;
    const run = this.#cell.find(runId);
    run.sockets.recount(socket);
    if (run.sockets.hasWatchers) return;
    if (run.news.size === 0) await this.#cell.flush(run, true);
    await this.#forget(run);
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.webSocketClose(socket);
  }

  /** Sends a notice to the watchers of the run. */
  tell(notice: RunNotice, runId?: string): void {
    if (this.#cell.isStored) this.#cell.find(runId).sockets.tell(notice);
  }

  /** Grows with every point; 0 before the first. */
  lastChange(runId?: string): number {
    return this.#cell.isStored ? this.#cell.find(runId).news.through : 0;
  }

  /** `lastChange` of runs of a cell, in their order; undefined for a run that cannot be read. */
  lastChanges(runIds: readonly string[]): (number | undefined)[] {
    return runIds.map((runId) => {
      try {
        return this.lastChange(runId);
      } catch (error) {
        console.error("last change of run", runId, error);
        return undefined;
      }
    });
  }

  /** The number of points of the object's own run, or of these runs of a cell. */
  countPoints(runIds: readonly (string | undefined)[]): number {
    if (!this.#cell.isStored) return 0;
    return runIds.reduce((sum, runId) => sum + this.#cell.find(runId).history.pointCount, 0);
  }

  /** Removes everything stored for a run that D1 no longer has: see `Cell.purge`. @param cell as in {@link flush} */
  async purge(runId: string, cell = ""): Promise<void> {
    if (cell !== "") this.#nameCell(cell);
    for (const socket of this.ctx.getWebSockets(runId)) socket.close(1001, "the run is gone");
    if (this.#cellName !== "") return await this.#cell.purge(runId);
    await this.#cell.end();
    await this.#removeAll();
  }

  /** `purge` for runs of a cell. */
  async purgeRuns(runIds: readonly string[], cell = ""): Promise<void> {
    for (const runId of runIds) await this.purge(runId, cell);
  }

  override async alarm(): Promise<void> {
    if (this.#cell.isStored) await this.#cell.alarm();
  }

  async #removeAll(): Promise<void> {
    // Replace the cell first: the old one caches what is about to be removed. No other call runs meanwhile, as storage work
    // blocks them.
    this.#cell = this.#newCell();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  /** A run that D1 refused and that holds nothing may have been deleted: nothing of it is kept. */
  async #forget(run: OpenRun): Promise<void> {
    if (!this.#cell.isWorthless(run)) return;
    if (this.#cellName === "") await this.#removeAll();
    else await this.#cell.forget(run);
  }

  /** Reads after taking over the first points, in case an earlier instance died between its mark and taking them over. */
  async #read<T>(runId: string | undefined, nothing: T, read: (run: OpenRun) => T): Promise<T> {
    if (!this.#cell.isStored) return nothing;
    const run = this.#cell.find(runId);
    return await run.during(async () => {
      await run.takeFirstPoints();
      return read(run);
    });
  }

  #newCell(): Cell {
    const { storage } = this.ctx;
    return new Cell({
      storage,
      storedBytes: () => storage.sql.databaseSize,
      sync: () => storage.sync(),
      setAlarm: (atMs) => storage.setAlarm(atMs),
      getAlarm: () => storage.getAlarm(),
      yieldTurn: () => scheduler.wait(0),
      wait: (ms) => scheduler.wait(ms),
      nowMs: () => Date.now(),
      latest: latestMetricsOf(this.env.DB, () => this.#cellName),
      socketsOf: (runId) => new LiveSockets(() => this.#watchersOf(runId)),
    });
  }

  /** A socket whose time is over is closed. The page then opens a new one, and the permission to read is checked again. */
  #watchersOf(runId: string | undefined): WebSocket[] {
    return this.ctx.getWebSockets(runId).filter((socket) => {
      const untilMs: number | null = socket.deserializeAttachment();
      if (untilMs === null || Date.now() < untilMs) return true;
      socket.close(1008, "connect again");
      return false;
    });
  }

  get #cellName(): string {
    this.#name ??= this.ctx.storage.kv.get<string>("cell") ?? "";
    return this.#name;
  }

  /** Stores the cell's name: an object that an alarm wakes does not know its own name. */
  #nameCell(cell: string): void {
    if (this.#cellName === cell) return;
    this.ctx.storage.kv.put("cell", cell);
    this.#name = cell;
  }
}
