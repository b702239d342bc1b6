/*
 * Clients that are too heavy for each run of the tests. Each has its own environment and its own Trackflare server:
 * `npm run test:clients -- [name…] [--record]`; without a name, all clients. The last line has the totals. Clients that this
 * machine cannot install are skipped, with the reason. The first run needs the network.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { startServer } from "../server.ts";
import type { Client, Result, Skip } from "./client.ts";
import { javaClient } from "./java.ts";
import { pythonClient } from "./python.ts";
import { describe, record } from "./record.ts";

const NEW_PYTHONS = ["python3.11", "python3.12", "python3.13"];
const OLD_PYTHONS = ["python3.11", "python3.10", "python3.9"];
const AUTOLOG = "autologging; models loaded back by `mlflow.pyfunc`";
const FULL =
  "the topics of test/conformance/eras, scikit-learn's autologging, models, `mlflow models predict`, `mlflow run`";

const CLIENTS: readonly Client[] = [
  javaClient("1.22.0", "v2", "1.30.1"),
  javaClient("2.17.2", "v1", "2.8.1"),
  pythonClient({ name: "mlflow-1.30.1", what: FULL, tests: "test_full_client", pythons: OLD_PYTHONS }),
  pythonClient({ name: "mlflow-2.8.1", what: FULL, tests: "test_full_client", pythons: OLD_PYTHONS }),
  pythonClient({ name: "lightgbm", what: AUTOLOG, tests: "test_lightgbm", pythons: NEW_PYTHONS }),
  pythonClient({ name: "lightning", what: AUTOLOG, tests: "test_lightning", pythons: NEW_PYTHONS }),
  pythonClient({ name: "keras", what: AUTOLOG, tests: "test_keras", pythons: NEW_PYTHONS }),
  pythonClient({
    name: "spark",
    what: AUTOLOG,
    tests: "test_spark",
    pythons: NEW_PYTHONS,
    needs: ["java", "-version"],
  }),
];

async function run(client: Client): Promise<Result | Skip> {
  const skip = client.prepare();
  if (skip !== undefined) return skip;
  const server = await startServer();
  try {
    return client.test(server.url);
  } finally {
    await server.stop();
  }
}

const { values, positionals } = parseArgs({
  options: { record: { type: "boolean", default: false } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !CLIENTS.some((client) => client.name === name));
if (unknown !== undefined)
  throw new Error(`No client "${unknown}"; there are ${CLIENTS.map(({ name }) => name).join(", ")}`);

const outcomes = new Map<string, Result | Skip>();
for (const client of CLIENTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  console.log(`# ${client.name}: ${client.versions()}`);
  const outcome = await run(client);
  outcomes.set(client.name, outcome);
  console.log(`${client.name}: ${describe(outcome)}`);
  if (values.record) record(CLIENTS, outcomes);
}
const results = [...outcomes.values()].filter((outcome) => "passed" in outcome);
const sum = (key: keyof Result) => results.reduce((total, result) => total + result[key], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
