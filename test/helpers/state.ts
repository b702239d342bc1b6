import { env } from "cloudflare:workers";
import { type RunPlaceRow, toPlace } from "../../src/stores/d1/metrics/latest-metrics.ts";
import { runObject } from "../../src/stores/run/stub.ts";
import { historyOf } from "./mlflow.ts";

/**
 * Left out: rendered answers, which reads create, rows that the objects of other tests' runs write by themselves, and digests,
 * which are written a quarter of a second after the file.
 */
const UNSETTLED: ReadonlySet<string> = new Set(["run_documents", "latest_metrics", "artifact_digests"]);

/**
 * Everything that is stored, as one text: all of D1, and the metrics of `runIds` in D1 and as answered. The text is equal before
 * and after a refused request.
 */
export async function storedState(runIds: readonly string[] = []): Promise<string> {
  const { results: withObject } = await env.DB.prepare(
    "SELECT run_id, cell FROM runs WHERE has_object",
  ).all<RunPlaceRow>();
  for (const run of withObject.map(toPlace)) if (runIds.includes(run.runId)) await runObject(env, run).flush();
  const { results: tables } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' ORDER BY name",
  ).all<{ name: string }>();
  const state: Record<string, unknown> = {};
  for (const { name } of tables) {
    if (UNSETTLED.has(name)) continue;
    const { results } = await env.DB.prepare(`SELECT * FROM "${name}"`).all();
    state[name] = results
      .map((row) => JSON.stringify({ ...row, live_epoch: null, has_object: null, flushed_through: null }))
      .sort();
  }
  for (const runId of runIds) {
    const latest = env.DB.prepare("SELECT * FROM latest_metrics WHERE run_id = ? ORDER BY key").bind(runId);
    const { results } = await latest.all<{ key: string }>();
    state[runId] = results;
    for (const { key } of results) {
      state[`${runId} ${key}`] = await historyOf(runId, key);
    }
  }
  return JSON.stringify(state, null, 1);
}
