import { Buffer } from "node:buffer";
import { sha256, toHex } from "../../domain/bytes.ts";
import { alreadyExists, invalidParameter } from "../../domain/errors.ts";
import { parseInt64 } from "../../domain/int64.ts";
import { findImportedRuns } from "../../stores/d1/import/runs.ts";
import { findMetricKeys } from "../../stores/d1/metrics/latest-metrics.ts";
import {
  copiedFolders,
  copyRunRows,
  endCopy,
  findModelsOf,
  originOf,
  type RunCopy,
} from "../../stores/d1/runs/copy-run.ts";
import { type Position as PointPosition, positionAt, type Series } from "../../stores/run/series.ts";
import { runObject } from "../../stores/run/stub.ts";
import { copyFolder, type FolderPosition } from "../artifacts/copy-folder.ts";
import { Budget } from "../budget.ts";
import type { ServiceContext } from "../context.ts";
import { importPoints } from "../import/points.ts";
import { readSeries } from "../metrics/metric-history.ts";
import { placeNewRun } from "./known-runs.ts";
import { requireActiveExperiment, requireActiveRuns, requireModels } from "./move-runs.ts";

const CALLS_PER_REQUEST = 500;
const MS_PER_REQUEST = 5000;
/** Points read and written at a time: an isolate has 128 MB. */
const POINTS_AT_A_TIME = 15_000;

export interface CopyRuns {
  readonly runIds: readonly string[];
  /** The experiment that gets the copies. */
  readonly experimentId: string;
  /** Identifies this copying: a repeat with the same id continues, and another id makes other copies. */
  readonly copyId: string;
  /** The token from the answer before. */
  readonly pageToken?: string | undefined;
}

export interface CopiedRuns {
  readonly copies: readonly { readonly fromId: string; readonly toId: string }[];
  /** URIs whose files were not copied, because the server does not keep them. */
  readonly filesLeft: readonly string[];
  /** Set if more is left than one call does. */
  readonly nextPageToken?: string | undefined;
}

/** Where a call continues. */
interface Position {
  /** Index of the run. */
  run: number;
  step: "rows" | "points" | "files";
  /** The metric whose points are next, and the last copied point as timestamp, step and value. */
  key?: string | undefined;
  after?: readonly [timestamp: string, step: string, value: string] | undefined;
  /** Index of the folder whose files are next, and the place in it. */
  folder?: number | undefined;
  files?: FolderPosition | undefined;
}

/**
 * Copies runs into another experiment, or into their own: params, tags, metrics with their history, datasets, logged models
 * and files. The copies have new ids, which depend on `copyId`, and the tag `trackflare.copiedFrom`. A copy is SCHEDULED
 * until it is complete. One call does a limited amount of work. Each step may be repeated, so a copy continues after any
 * failure.
 * @throws MlflowError as `moveRuns`, and INVALID_PARAMETER_VALUE where a run has not ended: its copy would stay incomplete.
 */
export async function copyRuns(ctx: ServiceContext, asked: CopyRuns): Promise<CopiedRuns> {
  const runIds = [...new Set(asked.runIds)];
  if (runIds.length === 0) throw invalidParameter("No run is named.");
  const position = readToken(asked.pageToken, runIds.length);
  await requireActiveExperiment(ctx, asked.experimentId);
  await requireActiveRuns(ctx, runIds);
  await requireModels(ctx, runIds, asked.experimentId, "EDIT");
  await requireEnded(ctx, runIds);
  const copies = await Promise.all(
    runIds.map(async (fromId) => ({ fromId, toId: await copyOf(asked, "run", fromId) })),
  );
  const budget = new Budget(CALLS_PER_REQUEST, MS_PER_REQUEST);
  const filesLeft: string[] = [];
  while (position.run < copies.length) {
    const { fromId, toId } = copies[position.run]!;
    const modelIds = await findModelsOf(ctx.db, fromId);
    const models = await Promise.all(
      modelIds.map(async (id) => ({ fromId: id, toId: `m-${await copyOf(asked, "model", id)}` })),
    );
    const cell = placeNewRun(ctx, toId, asked.experimentId);
    const copy: RunCopy = { fromId, toId, experimentId: asked.experimentId, cell, models, parents: copies };
    await budget.spend(1);
    if (!(await copyOne(ctx, copy, position, filesLeft, budget))) {
      return { copies, filesLeft, nextPageToken: toToken(position) };
    }
    position.run++;
    position.step = "rows";
  }
  return { copies, filesLeft };
}

/** Continues one run's copy at the position, and moves the position on. @returns whether the copy is complete */
async function copyOne(
  ctx: ServiceContext,
  copy: RunCopy,
  position: Position,
  filesLeft: string[],
  budget: Budget,
): Promise<boolean> {
  if (position.step === "rows") {
    if (budget.isSpent) return false;
    await budget.spend(6);
    await copyRows(ctx, copy);
    position.step = "points";
  }
  if (position.step === "points") {
    if (!(await copyPoints(ctx, copy, position, budget))) return false;
    position.step = "files";
  }
  if (!(await copyFiles(ctx, copy, position, filesLeft, budget))) return false;
  await budget.spend(2);
  await endCopy(ctx.writes, copy.fromId, copy.toId);
  return true;
}

async function copyRows(ctx: ServiceContext, copy: RunCopy): Promise<void> {
  const { fromId, toId, experimentId } = copy;
  const runs = await findImportedRuns(ctx.db, [fromId, toId]);
  const there = runs.get(toId);
  if (there !== undefined && (there.experimentId !== experimentId || (await originOf(ctx.db, toId)) !== fromId)) {
    throw alreadyExists(`Run ${toId} is there already, and is no copy of run ${fromId}.`);
  }
  if (there?.lifecycleStage === "deleted") throw invalidParameter(`The copy ${toId} of run ${fromId} is in the trash.`);
  const from = runs.get(fromId);
  // D1 then knows the keys of all metrics.
  if (from?.isLive) await runObject(ctx.env, from).flush();
  await copyRunRows(ctx.writes, copy);
}

async function copyPoints(
  ctx: ServiceContext,
  { fromId, toId }: RunCopy,
  position: Position,
  budget: Budget,
): Promise<boolean> {
  await budget.spend(1);
  const found = (await findMetricKeys(ctx.db, [fromId])).get(fromId) ?? new Set<string>();
  const keys = [...found].sort().filter((key) => position.key === undefined || key >= position.key);
  let metrics: (Series & { readonly key: string })[] = [];
  let room = POINTS_AT_A_TIME;
  const write = async (): Promise<void> => {
    if (metrics.length === 0) return;
    await budget.spend(4);
    await importPoints(ctx, [{ runId: toId, metrics }]);
    metrics = [];
    room = POINTS_AT_A_TIME;
  };
  for (const key of keys) {
    let after = key === position.key ? toPosition(position.after) : undefined;
    for (let isWhole = false; !isWhole; ) {
      if (budget.isSpent || room === 0) {
        await write();
        position.key = key;
        position.after = after && [String(after.timestamp), String(after.step), doubleText(after.value)];
        if (budget.isSpent) return false;
      }
      await budget.spend(2);
      const wanted = room;
      for await (const series of readSeries(ctx, fromId, key, after, wanted)) {
        room -= series.values.length;
        metrics.push({ ...series, key });
        after = positionAt(series, series.values.length - 1);
      }
      isWhole = room > 0;
    }
  }
  await write();
  // Searches then read the copy's metrics from D1.
  const there = (await findImportedRuns(ctx.db, [toId])).get(toId);
  await budget.spend(2);
  if (there?.isLive) await runObject(ctx.env, there).flush();
  position.key = position.after = undefined;
  return true;
}

/** The text of any double, −0 and NaN too. */
const doubleText = (value: number) => (Object.is(value, -0) ? "-0" : String(value));

function toPosition(after: Position["after"]): PointPosition | undefined {
  if (!Array.isArray(after) || after.length !== 3) return undefined;
  const [timestamp, step] = [parseInt64(String(after[0])), parseInt64(String(after[1]))];
  return timestamp === undefined || step === undefined ? undefined : { timestamp, step, value: Number(after[2]) };
}

async function copyFiles(
  ctx: ServiceContext,
  copy: RunCopy,
  position: Position,
  filesLeft: string[],
  budget: Budget,
): Promise<boolean> {
  await budget.spend(1);
  const folders = await copiedFolders(ctx.db, copy);
  for (let index = position.folder ?? 0; index < folders.length; index++) {
    const next = await copyFolder(ctx, folders[index]!, position.files, filesLeft, budget);
    position.folder = next === undefined ? index + 1 : index;
    position.files = next;
    if (next !== undefined) return false;
  }
  position.folder = position.files = undefined;
  return true;
}

async function requireEnded(ctx: ServiceContext, runIds: readonly string[]): Promise<void> {
  const runs = await findImportedRuns(ctx.db, runIds);
  for (const runId of runIds) {
    const status = runs.get(runId)?.status;
    if (status !== "RUNNING" && status !== "SCHEDULED") continue;
    throw invalidParameter(`Run ${runId} is ${status}: a run can be copied when it has ended.`);
  }
}

/** 32 hex digits, the same at each repeat. */
async function copyOf({ copyId, experimentId }: CopyRuns, kind: string, id: string): Promise<string> {
  const text = JSON.stringify([copyId, experimentId, kind, id]);
  return toHex(await sha256(text)).slice(0, 32);
}

function toToken(position: Position): string {
  return Buffer.from(JSON.stringify(position), "utf8").toString("base64url");
}

/** @throws MlflowError INVALID_PARAMETER_VALUE */
function readToken(token: string | undefined, runs: number): Position {
  if (token === undefined) return { run: 0, step: "rows" };
  try {
    const position = JSON.parse(Buffer.from(token, "base64url").toString("utf8")) as Position;
    const isText = (value: unknown) => value === undefined || typeof value === "string";
    const isPosition =
      Number.isSafeInteger(position.run) &&
      position.run >= 0 &&
      position.run < runs &&
      ["rows", "points", "files"].includes(position.step) &&
      isText(position.key) &&
      (position.after === undefined || toPosition(position.after) !== undefined) &&
      (position.folder === undefined || (Number.isSafeInteger(position.folder) && position.folder >= 0)) &&
      (position.files === undefined || Array.isArray(position.files));
    if (isPosition) return position;
  } catch {
    // Refused below.
  }
  throw invalidParameter("Invalid page token.");
}
