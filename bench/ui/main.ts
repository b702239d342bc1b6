import { writeFileSync } from "node:fs";
import { Command } from "commander";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../../test/e2e/harness/browser.ts";
import { newDataFolder, prepareWorkFolders, removeDataFolder, removeWorkFolders } from "../data-folders.ts";
import { withConnection } from "../http/connection.ts";
import { machineFacts } from "../machine.ts";
import { experimentIdByName } from "../mlflow-api.ts";
import { formatNumber } from "../report.ts";
import { RunningServer } from "../running-server.ts";
import { RUNS_EXPERIMENT } from "../seeded-runs.ts";
import * as measures from "./measures.ts";
import { type ChartSizes, SWEEP_PARAMS, seedCharts } from "./seeded-charts.ts";

/*
 * Measures the web UI in a real browser, and MLflow's own UI where it has the same screen: one server at a time, in one run.
 */

const FULL: ChartSizes = { runs: 100, points: 10_000, longPoints: 1_000_000, csvBytes: 50_000_000, sweepRuns: 10_000 };
const QUICK: ChartSizes = { runs: 100, points: 1000, longPoints: 100_000, csvBytes: 5_000_000, sweepRuns: 1000 };
const FULL_RUNS = 10_000;
const QUICK_RUNS = 1000;

interface Row {
  readonly title: string;
  readonly unit: string;
  readonly target: string;
  trackflare?: string;
  mlflow?: string;
}

interface Options {
  readonly quick: boolean;
  readonly repeat: string;
  readonly port: string;
  readonly servers: string;
}

const options = new Command("bench:ui")
  .description("Measures the web UI in Chromium, and MLflow's own beside it.")
  .option("--quick", "a tenth of the data", false)
  .option("--repeat <n>", "repetitions; the report tells their median, and the range", "3")
  .option("--servers <names>", "comma-separated: trackflare, mlflow", "trackflare,mlflow")
  .option("--port <n>", "port to start the servers on", "6500")
  .parse()
  .opts<Options>();

const sizes = options.quick ? QUICK : FULL;
const runs = options.quick ? QUICK_RUNS : FULL_RUNS;
const count = (number: number): string => number.toLocaleString("en-US");

const rows = {
  script: row("JavaScript of the first page, by Brotli", "KB", "≤ 180"),
  firstRow: row(`First row of an experiment of ${count(runs)} runs`, "ms", "≤ 1,000, ≥ 4× sooner than MLflow's"),
  scroll: row("Longest frame while its table is scrolled", "ms", "≤ 50"),
  many: row(`${sizes.runs} runs × 4 charts of ${count(sizes.points)} points`, "ms", "≤ 1,500"),
  long: row(`One run's chart of ${count(sizes.longPoints)} points, its one outlier in sight`, "ms", "≤ 500"),
  live: row("A logged point on screen after its acknowledgement, the slowest of 20", "ms", "≤ 250"),
  csv: row(`Preview of a CSV of ${sizes.csvBytes / 1e6} MB`, "ms", "at once"),
  matters: row(
    `What matters in ${count(sizes.sweepRuns)} runs × ${SWEEP_PARAMS} params, from the press`,
    "ms",
    "≤ 1,000",
  ),
  mattersFrame: row("Longest frame meanwhile", "ms", "≤ 50"),
  parallel: row(`Parallel coordinates of ${count(sizes.sweepRuns / 2)} runs, from the press`, "ms", "≤ 500"),
  parallelFrame: row("Longest frame until they and their rows are there", "ms", "≤ 50"),
  drag: row("Frames while a panel is dragged", "frames/s", "60"),
};

function row(title: string, unit: string, target: string): Row {
  return { title, unit, target };
}

/** The median of some repetitions, or the reason why nothing could be measured. */
async function measure(into: Row, name: "trackflare" | "mlflow", once: () => Promise<number>): Promise<void> {
  const values: number[] = [];
  try {
    for (let repetition = 0; repetition < Number(options.repeat); repetition++) values.push(await once());
    values.sort((a, b) => a - b);
    const median = formatNumber(values[Math.floor(values.length / 2)]!);
    into[name] = values.length > 1 ? `${median} (${formatNumber(values[0]!)}–${formatNumber(values.at(-1)!)})` : median;
  } catch (error) {
    into[name] = `not measured: ${(error instanceof Error ? error.message : String(error)).split("\n")[0]}`;
  }
  console.log(`${name.padEnd(12)} ${into.title}: ${into[name]} ${into.unit}`);
}

/** The same for a time together with the longest frame meanwhile. */
async function measureWithFrames(
  into: Row,
  framesInto: Row,
  name: "trackflare" | "mlflow",
  once: () => Promise<{ readonly ms: number; readonly longestFrameMs: number }>,
): Promise<void> {
  const frames: number[] = [];
  await measure(into, name, async () => {
    const { ms, longestFrameMs } = await once();
    frames.push(longestFrameMs);
    return ms;
  });
  const longest = frames.values();
  await measure(framesInto, name, async () => longest.next().value ?? Number.NaN);
}

async function measureServer(name: "trackflare" | "mlflow", browser: Browser): Promise<void> {
  const port = Number(options.port);
  const scale = { runs, points: 0, seconds: 0, artifactBytes: 0 };
  const folder = await newDataFolder(name, "runs", scale, port);
  const server = await RunningServer.start(name, folder, port);
  try {
    const table = await withConnection(port, (connection) => experimentIdByName(connection, RUNS_EXPERIMENT));
    await measure(rows.script, name, () => measures.firstRouteKilobytes(browser, server));
    await measure(rows.firstRow, name, () => measures.firstRowMs(browser, server, table));
    await measure(rows.scroll, name, () => measures.longestFrameMs(browser, server, table));
    if (name === "mlflow") return;
    const data = await seedCharts(server, sizes);
    await measure(rows.many, name, () => measures.manyRunsMs(browser, server, data, sizes.runs));
    await measure(rows.long, name, () => measures.longSeriesMs(browser, server, data));
    await measure(rows.live, name, () => measures.livePointMs(browser, server, data));
    await measure(rows.csv, name, () => measures.csvMs(browser, server, data));
    await measureWithFrames(rows.matters, rows.mattersFrame, name, () => measures.mattersMs(browser, server, data));
    await measureWithFrames(rows.parallel, rows.parallelFrame, name, () => measures.parallelMs(browser, server, data));
    await measure(rows.drag, name, () => measures.dragFramesPerSecond(browser, server, data));
  } finally {
    await server.stop();
    removeDataFolder(folder);
  }
}

function report(browserVersion: string): string {
  const head = ["", "unit", "Trackflare", "MLflow 3.17.2", "target"];
  const body = Object.values(rows).map((each: Row) => [
    ...[each.title, each.unit, each.trackflare ?? "–", each.mlflow ?? "–", each.target],
  ]);
  const lines = [head, ["---", "---", "--:", "--:", "---"], ...body].map((cells) => `| ${cells.join(" | ")} |`);
  return [
    "# The web UI, measured",
    "",
    ...lines,
    "",
    `Medians of ${options.repeat} repetitions (lowest–highest), each with an empty cache in a window whose own start is over, from`,
    "the start of the navigation.",
    "MLflow's UI draws neither a hundred runs nor points as they are logged; its other charts are not measured.",
    "",
    ...machineFacts().map((fact) => `- ${fact}`),
    `- Chromium ${browserVersion}, headless, without a GPU, 1440 × 900; server and browser share the machine`,
    "",
  ].join("\n");
}

process.once("exit", removeWorkFolders);
prepareWorkFolders();
const browser = await launchBrowser();
try {
  for (const name of ["trackflare", "mlflow"] as const) {
    if (!options.servers.split(",").includes(name)) continue;
    // A failure of one server does not prevent the report of the other.
    await measureServer(name, browser).catch((error: unknown) => {
      console.error(`${name} could not be measured to the end:`, error);
      process.exitCode = 1;
    });
  }
  const text = report(browser.version());
  const isComplete = !options.quick && options.servers === "trackflare,mlflow";
  writeFileSync(`${import.meta.dirname}/${isComplete ? "results.md" : "../.cache/ui-results.md"}`, text);
  console.log(`\n${text}`);
} finally {
  await browser.close();
}
