import { parseArgs } from "node:util";
import { describeMismatch } from "./describe.ts";
import { runSequence } from "./sequence.ts";
import { startServers, stopServers } from "./servers.ts";

/*
 * `npm run test:differential -- --seed 7 --calls 1000 [--seeds 20]` sends the sequences of 20 seeds from 7 on, 1,000 calls
 * each, to a real MLflow server and to Trackflare. Both servers are new, and serve all seeds.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    calls: { type: "string", default: "1000" },
  },
});
const first = Number(values.seed);
const servers = await startServers();
try {
  const totals = { calls: 0, accepted: 0, mismatches: 0 };
  const operations = new Map<string, number>();
  const differences = new Map<string, number>();
  const add = (into: Map<string, number>, from: ReadonlyMap<string, number>) => {
    for (const [name, count] of from) into.set(name, (into.get(name) ?? 0) + count);
  };
  for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
    const report = await runSequence(servers, seed, Number(values.calls));
    for (const mismatch of report.mismatches) console.log(`${describeMismatch(mismatch)}\n`);
    console.log(`seed ${seed}: ${report.calls} calls, ${report.mismatches.length} mismatches`);
    totals.calls += report.calls;
    totals.accepted += report.accepted;
    totals.mismatches += report.mismatches.length;
    add(operations, report.callsByOperation);
    add(differences, report.differences);
  }
  console.log(totals);
  console.log(Object.fromEntries(operations));
  console.log("Intended differences seen:", Object.fromEntries(differences));
  process.exitCode = totals.mismatches === 0 ? 0 : 1;
} finally {
  await stopServers(servers);
}
