import { setTimeout as sleep } from "node:timers/promises";
import { checkLatestUnderLoad } from "./checker.ts";
import { type Client, digestOf, Unanswered } from "./client.ts";
import { Ledger, type Point, type RegisterKind, RunLedger } from "./ledger.ts";
import { Random } from "./random.ts";

export interface LoadOptions {
  readonly experimentId: string;
  readonly seed: number;
  readonly clients: number;
  /** The number of runs at the start. Clients create further runs. */
  readonly runs: number;
  /** The longest pause of a client between two requests. */
  readonly maxPauseMs: number;
}

/** How many further runs clients create. */
const MAX_MORE_RUNS = 24;
/** The share of points that are their metric's only point, so that no later point hides a loss. */
const LOGGED_ONCE = 0.15;
/** Metrics with points only between two crashes, so that no later point hides what the crash did to the latest value. */
const KEYS_PER_ROUND = 12;
const MAX_ARTIFACT_BYTES = 1_000_000;
/** The content of an artifact: a repeated random block. */
const BLOCK_BYTES = 997;
const REPEAT_AFTER_MS = 50;
/** How often a client does not repeat an unanswered request, like a killed client. A repeat would hide half-done work. */
const GIVE_UP = 0.3;
/** The same for uploads: a repeat would mend what the first upload left. */
const GIVE_UP_UPLOAD = 0.5;
const START_MS = 1_750_000_000_000;

/**
 * Clients that behave like training jobs. They log, tag, upload and create runs, one request at a time each, and repeat
 * unanswered requests. The ledger notes each request before it is sent, and each answer.
 */
export class Load {
  readonly ledger = new Ledger();
  /** The number of repeated requests. */
  repeats = 0;
  /** Problems that clients saw. */
  readonly problems: string[] = [];
  /** Counts the crashes. */
  round = 0;
  readonly #client: Client;
  readonly #options: LoadOptions;
  readonly #writers: Writer[];
  #running: Promise<unknown> = Promise.resolve();
  #step = 0;

  constructor(client: Client, options: LoadOptions) {
    this.#client = client;
    this.#options = options;
    this.#writers = Array.from({ length: options.clients }, (_, number) => new Writer(this, number));
  }

  get client(): Client {
    return this.#client;
  }

  get options(): LoadOptions {
    return this.#options;
  }

  /** One clock for all clients, so that each point may be its metric's latest. */
  nextStep(): number {
    return this.#step++;
  }

  /** Creates the first runs and starts the clients. */
  async start(): Promise<void> {
    const [first] = this.#writers;
    while (this.ledger.runs.length < this.#options.runs) await first?.createRun();
    this.#running = Promise.all(this.#writers.map((writer) => writer.work()));
    // The error of a refused client is reported when the load is stopped.
    this.#running.catch(() => undefined);
  }

  /** Resolves when each client has the answer to its last request. @throws Refusal if the server refused one. */
  async stop(): Promise<void> {
    for (const writer of this.#writers) writer.isStopping = true;
    await this.#running;
  }
}

class Writer {
  isStopping = false;
  readonly #load: Load;
  readonly #name: string;
  readonly #random: Random;
  #count = 0;
  /** The last acknowledged request, for an unnecessary repeat. */
  #lastPoints: { readonly run: RunLedger; readonly points: readonly Point[] } | undefined;

  constructor(load: Load, number: number) {
    this.#load = load;
    this.#name = `c${number}`;
    this.#random = new Random(load.options.seed + number);
  }

  async work(): Promise<void> {
    const actions: readonly (readonly [weight: number, act: () => Promise<void>])[] = [
      [45, () => this.#logMetric()],
      [25, () => this.#logBatch()],
      [6, () => this.#logAgain()],
      [8, () => this.#setTag()],
      [8, () => this.#logParam()],
      [6, () => this.#putArtifact()],
      [4, () => this.createRun()],
      [3, () => this.#endRun()],
      [2, () => this.#lookAtRun()],
    ];
    const deck = actions.flatMap(([weight, act]) => Array.from({ length: weight }, () => act));
    while (!this.isStopping) {
      await this.#random.pick(deck)();
      await sleep(this.#random.integer(this.#load.options.maxPauseMs + 1));
    }
  }

  async createRun(): Promise<void> {
    const { client, ledger, options } = this.#load;
    if (ledger.runs.length >= options.runs + MAX_MORE_RUNS) return;
    await this.#deliver(async () => {
      const runName = `run ${this.#nextName()}`;
      ledger.unansweredRunNames.add(runName);
      const run = new RunLedger(await client.createRun(options.experimentId, runName));
      ledger.unansweredRunNames.delete(runName);
      run.register("tags", "mlflow.runName").acknowledge(runName);
      ledger.runs.push(run);
    });
  }

  async #logMetric(): Promise<void> {
    const run = this.#pickRun();
    const roundKey = this.#keyOfRound(this.#random.integer(KEYS_PER_ROUND));
    const key = this.#random.chance(LOGGED_ONCE) ? this.#nextName() : this.#random.pick(["loss", "accuracy", roundKey]);
    await this.#sendPoints(run, [this.#nextPoint(key)], ([point]) =>
      point === undefined ? Promise.resolve() : this.#load.client.logMetric(run.runId, point),
    );
  }

  /** Logs many metrics, and sometimes a param and a tag with them. */
  async #logBatch(): Promise<void> {
    const run = this.#pickRun();
    const first = this.#random.integer(KEYS_PER_ROUND);
    const metrics = Array.from({ length: 1 + this.#random.integer(80) }, (_, i) =>
      this.#nextPoint(this.#keyOfRound((first + i) % KEYS_PER_ROUND)),
    );
    if (!this.#random.chance(0.2)) {
      await this.#sendPoints(run, metrics, () => this.#load.client.logBatch(run.runId, { metrics }));
      return;
    }
    const param = { key: this.#nextName(), value: String(this.#random.next()) };
    const tag = { key: this.#name, value: String(this.#random.next()) };
    await this.#write(run, "params", param, () =>
      this.#write(run, "tags", tag, () =>
        this.#sendPoints(run, metrics, () =>
          this.#load.client.logBatch(run.runId, { metrics, params: [param], tags: [tag] }),
        ),
      ),
    );
  }

  async #logAgain(): Promise<void> {
    if (this.#lastPoints === undefined) return;
    const { run, points } = this.#lastPoints;
    await this.#sendPoints(run, points, (metrics) => this.#load.client.logBatch(run.runId, { metrics }));
  }

  async #setTag(): Promise<void> {
    const run = this.#pickRun();
    const tag = { key: this.#name, value: String(this.#random.next()) };
    await this.#write(run, "tags", tag, () => this.#deliver(() => this.#load.client.setTag(run.runId, tag)));
  }

  async #logParam(): Promise<void> {
    const run = this.#pickRun();
    const param = { key: this.#nextName(), value: String(this.#random.next()) };
    await this.#write(run, "params", param, () => this.#deliver(() => this.#load.client.logParam(run.runId, param)));
  }

  async #putArtifact(): Promise<void> {
    const run = this.#pickRun();
    const path = `${this.#name}/file ${this.#random.integer(3)}.bin`;
    const size = this.#random.chance(0.1) ? 0 : this.#random.integer(MAX_ARTIFACT_BYTES);
    const content = Buffer.alloc(size, this.#random.bytes(BLOCK_BYTES));
    const { client, options } = this.#load;
    await this.#write(run, "artifacts", { key: path, value: digestOf(content) }, () =>
      this.#deliver(
        () => client.putArtifact(options.experimentId, run.runId, encodeURI(path), content),
        GIVE_UP_UPLOAD,
      ),
    );
  }

  /** Ends the run, so that its object writes to D1 at once, and starts the run again. */
  async #endRun(): Promise<void> {
    const run = this.#pickRun();
    await this.#deliver(() => this.#load.client.endRun(run.runId));
  }

  async #lookAtRun(): Promise<void> {
    const run = this.#pickRun();
    const before = run.acknowledgedLatest;
    await this.#deliver(async () => {
      const latest = await this.#load.client.getLatest(run.runId);
      this.#load.problems.push(...checkLatestUnderLoad(run, before, latest));
    });
  }

  async #sendPoints(
    run: RunLedger,
    points: readonly Point[],
    send: (points: readonly Point[]) => Promise<void>,
  ): Promise<boolean> {
    run.sendPoints(points);
    const isAcknowledged = await this.#deliver(() => send(points));
    if (isAcknowledged) {
      run.acknowledgePoints(points);
      this.#lastPoints = { run, points };
    }
    return isAcknowledged;
  }

  async #write(
    run: RunLedger,
    kind: RegisterKind,
    { key, value }: { readonly key: string; readonly value: string },
    deliver: () => Promise<boolean>,
  ): Promise<boolean> {
    const register = run.register(kind, key);
    register.send(value);
    const isAcknowledged = await deliver();
    if (isAcknowledged) register.acknowledge(value);
    return isAcknowledged;
  }

  /** Repeats the request until it is answered. @returns false if the client gave up before */
  async #deliver(send: () => Promise<void>, giveUp = GIVE_UP): Promise<boolean> {
    for (;;) {
      try {
        await send();
        return true;
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        if (this.#random.chance(giveUp)) return false;
        this.#load.repeats++;
        await sleep(REPEAT_AFTER_MS);
      }
    }
  }

  /** Half of all requests go to one run, so that its history is folded often. */
  #pickRun(): RunLedger {
    const { runs } = this.#load.ledger;
    return this.#random.pick(this.#random.chance(0.5) ? runs.slice(0, 1) : runs);
  }

  /** Mostly the next step, sometimes an earlier one; several points have the same step and time. */
  #nextPoint(key: string): Point {
    const now = this.#load.nextStep();
    const step = this.#random.chance(0.8) ? now : this.#random.integer(now + 1);
    const timestamp = START_MS + step * 10 + this.#random.integer(3);
    const isNan = key !== "loss" && this.#random.chance(0.05);
    return { key, step, timestamp, value: isNan ? Number.NaN : this.#random.next() * 10 ** this.#random.integer(9) };
  }

  #keyOfRound(number: number): string {
    return `round ${this.#load.round}/${number}`;
  }

  #nextName(): string {
    return `${this.#name}.${this.#count++}`;
  }
}
