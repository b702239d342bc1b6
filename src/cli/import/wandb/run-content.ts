import { existsSync, openAsBlob, readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { KeyValue, RunStatus } from "../../../domain/entities.ts";
import { type Int64, toInt64 } from "../../../domain/int64.ts";
import type { MetricSeries } from "../../transfer/metric-series.ts";

import { GrowingSeries } from "../growing-series.ts";
import { ListedArtifacts } from "../listed-artifacts.ts";
import type { Change, LoggedArtifact, Metadata, RunEvent, RunHead } from "./run-log.ts";
import { leavesOf, numberOf, paramText, partsOf, toJson, type WandbValue } from "./values.ts";

/** Names of W&B's own: `_step`, `_runtime`, `_wandb`, … */
const OWN_NAME = /^_/;

/** Collects the events of one run's logs as what a run of MLflow has. */
export class RunContent {
  /** The newest state in the logs. */
  head: RunHead | undefined;
  metadata: Metadata = {};
  readonly #onProblem: (where: string, why: string) => void;
  readonly #config = new Map<string, WandbValue>();
  readonly #summary = new Map<string, WandbValue>();
  readonly #series = new GrowingSeries();
  readonly #files = new ListedArtifacts();
  readonly #loggedArtifacts: LoggedArtifact[] = [];
  /** Lines of JSON: what was logged and is no number. */
  readonly #otherHistory: string[] = [];
  #output = "";
  #exitCode: number | undefined;
  #lastStep: Int64 = 0;
  #samples = 0;
  firstMs: number | undefined;
  lastMs: number | undefined;

  /** @param onProblem is called for each file that is missing */
  constructor(onProblem: (where: string, why: string) => void) {
    this.#onProblem = onProblem;
  }

  add(event: RunEvent): void {
    switch (event.kind) {
      case "run":
        this.head = { ...event.head, startMs: this.head?.startMs ?? event.head.startMs };
        // A resumed run has not ended, whatever an earlier log says.
        this.#exitCode = undefined;
        changed(this.#config, event.config);
        break;
      case "config":
        changed(this.#config, event.change);
        break;
      case "summary":
        changed(this.#summary, event.change);
        break;
      case "history":
        this.#addHistory(changed(new Map(), { set: event.items, removed: [] }), event.step);
        break;
      case "stats":
        this.#addStats(event.timestampMs, event.items);
        break;
      case "output":
        this.#output += event.text;
        break;
      case "artifact":
        this.#loggedArtifacts.push(event.artifact);
        break;
      case "metadata":
        this.metadata = { ...this.metadata, ...event.metadata };
        break;
      case "exit":
        this.#exitCode = event.exitCode;
    }
  }

  /** Adds the files that W&B keeps beside a log. */
  addFolder(folder: string): void {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isDirectory()) this.#addFile(relative(folder, path).split(sep).join("/"), path);
    }
  }

  get status(): RunStatus {
    if (this.#exitCode === undefined) return "KILLED";
    return this.#exitCode === 0 ? "FINISHED" : "FAILED";
  }

  get params(): KeyValue[] {
    const leaves = [...this.#config].flatMap(([name, value]) =>
      OWN_NAME.test(name) ? [] : [...leavesOf(name, value)],
    );
    return [...new Map(leaves)].map(([key, value]) => ({ key, value: paramText(value) }));
  }

  /**
   * The logged numbers. A number of the summary that is not the last one of its metric is a metric of one point: under its
   * own name if it was never logged, else under `summary/`.
   */
  get metrics(): MetricSeries[] {
    const added = new GrowingSeries();
    for (const [name, value] of this.#summary) {
      for (const [key, leaf] of OWN_NAME.test(name) ? [] : leavesOf(name, value)) {
        const number = numberOf(leaf);
        const last = this.#series.last(key);
        if (number === undefined || Object.is(number, last)) continue;
        added.add(last === undefined ? key : `summary/${key}`, this.lastMs ?? 0, this.#lastStep, number);
      }
    }
    return [...this.#series.all(), ...added.all()];
  }

  /** The run's files, the files of its artifacts, and as files what has no other place in a run. */
  artifacts(): ListedArtifacts {
    for (const artifact of this.#loggedArtifacts) this.#addArtifact(artifact);
    if (this.#output !== "" && !this.#files.has("output.log")) this.#files.addText("output.log", this.#output);
    if (this.#otherHistory.length > 0) this.#files.addText("wandb/history.jsonl", `${this.#otherHistory.join("\n")}\n`);
    const told = { config: this.#config, summary: this.#summary };
    for (const [name, values] of Object.entries(told)) {
      if ([...values.keys()].some((key) => !OWN_NAME.test(key)))
        this.#files.addText(`wandb/${name}.json`, `${toJson(Object.fromEntries(values))}\n`);
    }
    if (this.#loggedArtifacts.length > 0) {
      this.#files.addText("wandb/artifacts.json", `${JSON.stringify(this.#loggedArtifacts, undefined, 1)}\n`);
    }
    return this.#files;
  }

  #addHistory(items: ReadonlyMap<string, WandbValue>, recordStep: bigint | undefined): void {
    const number = (name: string) => numberOf(items.get(name) ?? null);
    const runtime = number("_runtime");
    const started = this.head?.startMs ?? 0;
    const timestampMs = Math.round((number("_timestamp") ?? (runtime ?? 0) + started / 1000) * 1000);
    const step = number("_step") ?? toInt64(recordStep ?? 0n) ?? 0;
    this.#note(timestampMs);
    this.#lastStep = step;
    const others: [string, WandbValue][] = [];
    for (const [name, value] of items) {
      for (const [key, leaf] of OWN_NAME.test(name) ? [] : leavesOf(name, value)) {
        const value = numberOf(leaf);
        if (value === undefined) others.push([key, leaf]);
        else this.#series.add(key, timestampMs, step, value);
      }
    }
    if (others.length === 0) return;
    this.#otherHistory.push(
      toJson({ _step: written(step), _timestamp: written(timestampMs / 1000), ...Object.fromEntries(others) }),
    );
  }

  /** Samples of the machine, under MLflow's name for such metrics. Their steps count the samples, as MLflow's do. */
  #addStats(timestampMs: number, items: Change["set"]): void {
    this.#note(timestampMs);
    for (const [path, value] of items) {
      for (const [key, leaf] of leavesOf(path.join("."), value)) {
        const number = numberOf(leaf);
        if (number !== undefined) this.#series.add(`system/${key}`, timestampMs, this.#samples, number);
      }
    }
    this.#samples++;
  }

  #note(timestampMs: number): void {
    this.firstMs ??= timestampMs;
    this.lastMs = Math.max(this.lastMs ?? timestampMs, timestampMs);
  }

  #addArtifact({ type, name, files, hasMoreFiles }: LoggedArtifact): void {
    if (hasMoreFiles) this.#onProblem(`artifacts/${type}/${name}`, "its files are too many to be in the log");
    for (const { path, localPath, ref } of files) {
      if (ref !== "") continue;
      const where = `artifacts/${type}/${name}/${path}`;
      if (localPath !== "" && existsSync(localPath)) this.#addFile(where, localPath);
      else this.#onProblem(where, localPath === "" ? "it is only on W&B's server" : `there is no ${localPath}`);
    }
  }

  #addFile(path: string, place: string): void {
    try {
      this.#files.add(path, statSync(place).size, () => openAsBlob(place));
    } catch {
      this.#onProblem(path, `there is no ${place}`);
    }
  }
}

function written(number: Int64): WandbValue {
  return { number: Number(number), text: String(number) };
}

/** Applies a change. A nested name goes into the value of its first part. */
function changed(values: Map<string, WandbValue>, { set, removed }: Change): Map<string, WandbValue> {
  for (const [path, value] of set) values.set(path[0]!, withPart(values.get(path[0]!), path.slice(1), value));
  for (const path of removed) {
    if (path.length === 1) values.delete(path[0]!);
    else values.set(path[0]!, withPart(values.get(path[0]!), path.slice(1), undefined));
  }
  return values;
}

/** @param part undefined removes the part */
function withPart(whole: WandbValue | undefined, path: readonly string[], part: WandbValue | undefined): WandbValue {
  const [name, ...below] = path;
  if (name === undefined) return part ?? null;
  const { [name]: old, ...others } = partsOf(whole);
  if (part === undefined && below.length === 0) return others;
  return { ...others, [name]: withPart(old, below, part) };
}
