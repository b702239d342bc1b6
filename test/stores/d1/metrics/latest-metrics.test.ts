import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Metric } from "../../../../src/domain/entities.ts";
import type { Database } from "../../../../src/stores/d1/connection/database.ts";
import {
  clearLiveRunsStatements,
  markLiveStatement,
  upsertLatestStatements,
} from "../../../../src/stores/d1/metrics/latest-metrics.ts";
import { decodePoints, encodePoints } from "../../../../src/stores/run/points.ts";
import { MetricSummaries } from "../../../../src/stores/run/summaries.ts";
import { summaryRows } from "../../../../src/stores/run/summary-rows.ts";
import { newRun } from "../../../helpers/mlflow.ts";
import { NaiveHistory } from "../../run/naive-history.ts";
import { Random, randomMetric } from "../../run/random.ts";

const KEYS = ["a", "b"];

function rowsOf(runId: string, metrics: readonly Metric[]): string[] {
  const summaries = new MetricSummaries();
  summaries.add(decodePoints(encodePoints(metrics)));
  return summaryRows(runId, summaries);
}

const stored = (value: number) => (Number.isNaN(value) ? 0 : value + 0);

/** The expected row of a key. Integers are texts, because D1 rounds large ones. */
function expectedRow(naive: NaiveHistory, key: string) {
  const [latest, first, numbers] = [naive.latest(key), naive.first(key), naive.numbers(key)];
  return {
    key,
    value: stored(latest.value),
    is_nan: Number(Number.isNaN(latest.value)),
    step: String(latest.step),
    timestamp: String(latest.timestamp),
    min_value: numbers.length > 0 ? stored(Math.min(...numbers)) : null,
    max_value: numbers.length > 0 ? stored(Math.max(...numbers)) : null,
    first_value: stored(first.value),
    first_is_nan: Number(Number.isNaN(first.value)),
    first_step: String(first.step),
    first_timestamp: String(first.timestamp),
  };
}

test("latest, first, least and greatest do not depend on how points are cut, in which order they come, nor how often", async () => {
  const random = new Random(11);
  const runId = await newRun();
  for (let round = 0; round < 60; round++) {
    await env.DB.prepare("DELETE FROM latest_metrics").run();
    const naive = new NaiveHistory();
    const flushes = Array.from({ length: random.integer(1, 6) }, () => {
      const metrics = Array.from({ length: random.integer(1, 6) }, () => randomMetric(random, KEYS, round % 2 === 0));
      naive.append(metrics);
      return { rows: rowsOf(runId, metrics), at: random.next() };
    });
    const again = flushes.map(({ rows }) => ({ rows, at: random.next() })).slice(0, random.integer(0, flushes.length));
    for (const { rows } of [...flushes, ...again].sort((a, b) => a.at - b.at)) {
      const db: Database = env.DB;
      await db.batch(upsertLatestStatements(db, rows));
    }
    const { results } = await env.DB.prepare(
      `SELECT key, value, is_nan, CAST(step AS TEXT) AS step, CAST(timestamp AS TEXT) AS timestamp, min_value, max_value,
        first_value, first_is_nan, CAST(first_step AS TEXT) AS first_step, CAST(first_timestamp AS TEXT) AS first_timestamp
       FROM latest_metrics ORDER BY key`,
    ).all();
    expect(results).toEqual(
      naive
        .keys()
        .sort()
        .map((key) => expectedRow(naive, key)),
    );
  }
});

test("a clear takes marks up to its own epoch, and a mark only runs of its own object", async () => {
  const runId = await newRun();
  const epoch = () =>
    env.DB.prepare("SELECT live_epoch FROM runs WHERE run_id = ?").bind(runId).first<number | null>("live_epoch");
  const clear = (upTo: number) => env.DB.batch(clearLiveRunsStatements(env.DB, [{ runId, epoch: upTo }]) as never);
  const mark = async (epoch: number, cell = "") =>
    (await markLiveStatement(env.DB, [{ runId, epoch }], cell).all()).results.length > 0;
  expect(await mark(5)).toBe(true);
  await clear(4);
  expect(await epoch()).toBe(5);
  await clear(5);
  expect(await epoch()).toBeNull();
  // The object's epoch is greater than D1's, because D1 never received a mark.
  expect(await mark(5)).toBe(true);
  await clear(7);
  expect(await epoch()).toBeNull();
  expect(await mark(6, "cell-0")).toBe(false);
  expect(await epoch()).toBeNull();
});
