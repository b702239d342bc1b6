import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { MAX_ASKED_OBJECTS } from "../../../src/stores/run/stub.ts";
import { parseGroupSeries } from "../../../ui/src/api/series-frames.ts";
import { fetchWorker, mlflow, newExperiment, newRun } from "../../helpers/mlflow.ts";

test("of more live runs than objects that may be asked, each group says how many did not tell their newest points", async () => {
  const experimentId = await newExperiment();
  const told = await newRun({ experiment_id: experimentId });
  await mlflow("runs/log-metric", { run_id: told, key: "m", value: 2, timestamp: 1, step: 0 });
  // Live runs of objects that hold nothing. The limit is of objects, and each of these runs has its own.
  const ids = Array.from(
    { length: MAX_ASKED_OBJECTS / 2 + 5 },
    (_, index) => `a${index.toString(16).padStart(31, "0")}`,
  );
  const like = env.DB.prepare("SELECT * FROM runs WHERE run_id = ?").bind(told);
  const row = (await like.first<Record<string, unknown>>())!;
  const names = Object.keys(row);
  const insert = env.DB.prepare(`INSERT INTO runs (${names.join()}) VALUES (${names.map(() => "?").join()})`);
  const rows = ids.map((run_id) => ({ ...row, run_id, live_epoch: 1, has_object: 0, cell: "" }));
  await env.DB.batch(rows.map((one) => insert.bind(...names.map((name) => one[name as keyof typeof one] ?? null))));
  const body = {
    run_ids: [told, ...ids],
    group_of: [0, ...ids.map((_, index) => (index < 3 ? 1 : 2))],
    metric_keys: ["m"],
  };
  const answer = await fetchWorker("/ui-api/group-series", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const found = parseGroupSeries(await answer.arrayBuffer());
  expect(found.map(({ group }) => group)).toEqual([0, 1, 2]);
  expect(found[0]).toMatchObject({ runs: 1, stale: 0, latest: { mean: 2 } });
  expect(found.reduce((sum, { stale }) => sum + stale, 0)).toBe(5);
});
