import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { prepareWorkFolders, removeWorkFolders } from "./data-folders.ts";
import { machineFacts } from "./machine.ts";
import { renderMissedTargets, renderReport } from "./report.ts";
import { Results } from "./results.ts";
import { SERVER_NAMES, SERVERS, type ServerName } from "./servers.ts";
import { runSession, stopSession } from "./session.ts";
import { PROCESS_ROWS, ROWS, WORKLOADS } from "./workloads/all.ts";
import type { DataSet, Row, Scale } from "./workloads/workload.ts";

interface Options {
  readonly only?: readonly string[];
  readonly servers: readonly ServerName[];
  readonly repeat?: number;
  readonly seconds?: number;
  readonly runs?: number;
  readonly points?: number;
  readonly quick: boolean;
  readonly check: boolean;
  readonly port: number;
}

interface Sizes extends Scale {
  readonly repeat: number;
}

const EXIT_INTERRUPTED = 130;
const FULL: Sizes = { repeat: 3, seconds: 4, runs: 10_000, points: 1_000_000, artifactBytes: 200_000_000 };
const QUICK: Sizes = { repeat: 1, seconds: 1.5, runs: 1000, points: 100_000, artifactBytes: 50_000_000 };
const DATA_SETS: readonly DataSet[] = ["empty", "runs", "series", "users"];

function options(): Options {
  return new Command("bench")
    .description(
      "Measures Trackflare, MLflow, FastTrackML and a bare Worker: one server at a time, interleaved, in one run.",
    )
    .option("--only <workloads>", `comma-separated: ${ROWS.map((row) => row.id).join(", ")}`, (text) =>
      listOf(
        text,
        ROWS.map((row) => row.id),
      ),
    )
    .option("--servers <names>", `comma-separated: ${SERVER_NAMES.join(", ")}`, (text) => listOf(text, SERVER_NAMES), [
      ...SERVER_NAMES,
    ])
    .option("--repeat <n>", `repetitions (default ${FULL.repeat})`, positive)
    .option("--seconds <n>", `seconds of each throughput measurement (default ${FULL.seconds})`, positive)
    .option("--runs <n>", `runs to search in (default ${FULL.runs})`, positive)
    .option("--points <n>", `points of the long series, in thousands (default ${FULL.points / 1000})`, thousands)
    .option("--quick", "about five minutes: one repetition, a tenth of the data", false)
    .option("--check", "list the targets that were missed", false)
    .option("--port <n>", "port to start the servers on", positive, 6400)
    .parse()
    .opts<Options>();
}

async function main({ only, servers, quick, check, port, ...given }: Options): Promise<void> {
  const sizes: Sizes = { ...(quick ? QUICK : FULL), ...given };
  const wanted = ROWS.filter((row) => !only || only.includes(row.id));
  const processRows = new Set<Row>(Object.values(PROCESS_ROWS).filter((row) => wanted.includes(row)));
  const results = new Results();
  prepareWorkFolders();
  const facts = [...machineFacts(), describe(sizes)];
  for (let repetition = 1; repetition <= sizes.repeat; repetition++) {
    console.log(`repetition ${repetition} of ${sizes.repeat}`);
    for (const name of servers) {
      for (const data of DATA_SETS) {
        const workloads = WORKLOADS.filter(
          (workload) => workload.data === data && workload.servers.includes(name) && wanted.includes(workload),
        );
        const needed = workloads.length > 0 || (data === "empty" && processRows.size > 0);
        if (needed) await runSession({ name, port, data, workloads, processRows, scale: sizes }, results);
      }
    }
  }
  const report = renderReport(results, wanted, sizes, facts);
  const complete = !quick && !only && servers.length === SERVER_NAMES.length;
  const path = `${import.meta.dirname}/${complete ? "results.md" : ".cache/results.md"}`;
  writeFileSync(path, report);
  console.log(`\n${report}`);
  if (check)
    console.log(
      renderMissedTargets(results.missedTargets(wanted), results.missedLimits(wanted), results.besides(wanted)),
    );
}

function describe({ repeat, seconds, runs, points, artifactBytes }: Sizes): string {
  const data = `${runs} runs, ${points} points, an artifact of ${artifactBytes / 1e6} MB`;
  const versions = SERVER_NAMES.map((name) => SERVERS[name].title).join(", ");
  return `${repeat} repetitions, ${seconds} s each for throughput; ${data}; one at a time: ${versions}`;
}

function listOf<T extends string>(text: string, allowed: readonly T[]): T[] {
  return text.split(",").map((name) => {
    const found = allowed.find((candidate) => candidate === name);
    if (found === undefined) throw new InvalidArgumentError(`"${name}" is none of ${allowed.join(", ")}`);
    return found;
  });
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError("a positive number is needed");
  return number;
}

function thousands(text: string): number {
  return positive(text) * 1000;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void stopSession().finally(() => process.exit(EXIT_INTERRUPTED)));
}
process.once("exit", removeWorkFolders);
await main(options());
