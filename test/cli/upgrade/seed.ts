import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { answersOf } from "../import/answers.ts";

/*
 * Each release made its own data folder in fixtures/: start its server on a new folder, run this program with the server's
 * address, stop the server, and pack the folder:
 *
 *   node test/cli/upgrade/seed.ts http://127.0.0.1:5000 test/cli/upgrade/fixtures/<commit>.answers.json.gz
 *   tar -czf test/cli/upgrade/fixtures/<commit>.tgz -C trackflare-data .
 */

const [url = "", answersFile = ""] = process.argv.slice(2);

type Answer = Record<string, never> & {
  experiment_id: string;
  run: { info: { run_id: string; artifact_uri: string } };
};

async function post(path: string, body: string | object, method = "POST"): Promise<Answer> {
  const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) console.error(`${path}: ${answer.status} ${text.slice(0, 200)}`);
  return JSON.parse(text) as Answer;
}

const { experiment_id: experimentId } = await post("experiments/create", {
  name: "Vision ✓",
  tags: [{ key: "team", value: "a" }],
});
const gone = await post("experiments/create", { name: "gone" });
const runIds: string[] = [];
for (let number = 0; number < 5; number++) {
  const { run } = await post("runs/create", {
    experiment_id: number === 4 ? gone.experiment_id : experimentId,
    run_name: `run ${number}`,
    user_id: "ada",
    start_time: 1_700_000_000_000 + number,
    tags: [{ key: "n", value: `${number}` }],
  });
  const runId = run.info.run_id;
  runIds.push(runId);
  await post("runs/log-batch", {
    run_id: runId,
    params: [{ key: "lr", value: `${0.1 * number}` }],
    metrics: [{ key: "once", value: 0.1 + 0.2, timestamp: 1_700_000_000_000, step: number }],
  });
  const path = run.info.artifact_uri.replace(/^mlflow-artifacts:\/+/, "");
  const put = await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${path}/notes/${number}.txt`, {
    method: "PUT",
    body: `file ${number}`,
  });
  if (!put.ok) console.error(`artifact: ${put.status}`);
}
const [first = "", second = "", third = ""] = runIds;
const points = Array.from({ length: 900 }, (_, step) => ({
  key: "deep/loss",
  value: 1 / (step + 1),
  timestamp: 1_700_000_000_000 + step,
  step,
}));
await post("runs/log-batch", { run_id: first, metrics: points });
await post(
  "runs/log-batch",
  `{"run_id":"${first}","metrics":[{"key":"odd","value":"NaN","timestamp":1,"step":1},{"key":"odd","value":-0.0,"timestamp":2,"step":2},{"key":"odd","value":5e-324,"timestamp":3,"step":4611686018427387905}]}`,
);
await post("runs/log-inputs", {
  run_id: first,
  datasets: [
    {
      dataset: { name: "train", digest: "f00d", source_type: "local", source: '{"uri":"train.csv"}' },
      tags: [{ key: "mlflow.data.context", value: "training" }],
    },
  ],
});
await post("runs/update", { run_id: first, status: "FINISHED", end_time: 1_700_000_009_000 });
await post("runs/delete", { run_id: second });
await post("registered-models/create", { name: "iris", tags: [{ key: "team", value: "a" }], description: "flowers" });
for (const source of [`runs:/${first}/notes`, `runs:/${third}/notes`]) {
  await post("model-versions/create", { name: "iris", source, run_id: source.split("/")[1] });
}
await post("model-versions/transition-stage", { name: "iris", version: "1", stage: "Production" });
await post("registered-models/alias", { name: "iris", alias: "champion", version: "2" });
await post("logged-models", { experiment_id: experimentId, name: "net", source_run_id: first });
await post("experiments/delete", { experiment_id: gone.experiment_id });
writeFileSync(answersFile, gzipSync(JSON.stringify([...(await answersOf(url))], exact)));

/** Marks a 64-bit integer, written in digits. */
function exact(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? `int64 ${value}` : value;
}
