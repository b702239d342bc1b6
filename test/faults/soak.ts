import { parseArgs } from "node:util";
import { crashRounds } from "./crash-rounds.ts";

// The crash test for any length of time: node test/faults/soak.ts --minutes 30 [--kills 25] [--seed 7] [--clients 16]
// TRACKFLARE_CELLS is the number of objects that hold the histories; with 0, each run has its own object.

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    kills: { type: "string", default: "Infinity" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    clients: { type: "string", default: "16" },
  },
});
const end = Date.now() + Number(values.minutes) * 60_000;
const report = await crashRounds({
  seed: Number(values.seed),
  clients: Number(values.clients),
  runs: 12,
  maxPauseMs: 20,
  goesOn: (round) => round < Number(values.kills) && Date.now() < end,
});
console.log({
  ...report,
  seed: values.seed,
  problems: report.problems.slice(0, 20),
  problemCount: report.problems.length,
});
process.exitCode = report.problems.length === 0 ? 0 : 1;
