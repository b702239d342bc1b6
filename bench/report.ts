import type { Beside, MissedLimit, MissedTarget, Results, Summary } from "./results.ts";
import { SERVER_NAMES, SERVERS, type ServerName } from "./servers.ts";
import type { Row, Scale } from "./workloads/workload.ts";

const COMPARED = ["mlflow", "fasttrackml", "ceiling"] as const;
const NOTHING = "–";

/** The results page: a table of medians and ratios, then latencies and CPU time, then the method. */
export function renderReport(results: Results, rows: readonly Row[], scale: Scale, facts: readonly string[]): string {
  const measured = rows
    .filter((row) => SERVER_NAMES.some((server) => results.summary(row, server)))
    .map((row) => ({ ...row, title: withSizes(row.title, scale) }));
  const lines = [
    "# Benchmark results",
    "",
    ...ratioTable(results, measured),
    "",
    "Medians over the repetitions (lowest–highest). `×` is how many times better Trackflare is; above 1 is better in every row.",
    "The ceiling is a bare Worker in the same runtime that makes one Durable Object write, or the same D1 statement, per request.",
    "FastTrackML commits without fsync; the others do not. It has no bulk-interval route, no artifact proxy, and answers",
    "a history in one piece.",
    "A run's first two points come before the `log-metric` rows are measured: the second makes the run's object, whose cost is in no row.",
    ...besides(results.besides(measured)),
    ...wrongAnswers(results, scale),
    "",
    "## Latency and CPU time",
    "",
    ...detailTable(results, measured),
    "",
    "Per request, as its client waited: median / 95th percentile in ms, then CPU time of all the server's processes in ms.",
    "",
    "## Machine and run",
    "",
    ...facts.map((fact) => `- ${fact}`),
  ];
  return `${lines.join("\n")}\n`;
}

export function renderMissedTargets(
  missed: readonly MissedTarget[],
  limits: readonly MissedLimit[],
  all: readonly Beside[],
): string {
  const slow = all.filter(({ ratio, least }) => ratio < least);
  if (missed.length + limits.length + slow.length === 0) return "Every measured target is met.";
  const lines = missed.map(
    ({ row, against, ratio, target }) =>
      `  ${row.id}: ${formatRatio(ratio)} of ${SERVERS[against].title}, target ${formatRatio(target)}`,
  );
  const limitLines = limits.map(
    ({ row, value, most }) => `  ${row.id}: ${formatNumber(value)} ${row.unit}, at most ${formatNumber(most)}`,
  );
  return ["Missed targets:", ...lines, ...limitLines, ...slow.map((one) => `  ${formatBeside(one)}`)].join("\n");
}

export function formatNumber(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function withSizes(title: string, { runs, points, artifactBytes }: Scale): string {
  return title
    .replace("{runs}", runs.toLocaleString("en-US"))
    .replace("{points}", points.toLocaleString("en-US"))
    .replace("{artifact}", `${artifactBytes / 1e6} MB`);
}

function formatBeside({ row, other, ratio, least }: Beside): string {
  return `${row.id}: ${formatRatio(ratio)} of ${other}, at least ${formatRatio(least)}`;
}

function besides(all: readonly Beside[]): string[] {
  if (all.length === 0) return [];
  return [
    "",
    "How fast Trackflare is beside itself, without grants and credentials:",
    "",
    ...all.map((one) => `- ${formatBeside(one)}`),
  ];
}

function wrongAnswers(results: Results, scale: Scale): string[] {
  if (results.wrongAnswers.length === 0) return [];
  const lines = results.wrongAnswers.map(
    ({ row, server, message }) => `- ${SERVERS[server].title}, ${withSizes(row.title, scale)}: ${message}`,
  );
  return ["", "Repetitions that do not count, because the server refused or answered wrong:", "", ...lines];
}

function ratioTable(results: Results, rows: readonly Row[]): string[] {
  return table(
    ["workload", "unit", ...SERVER_NAMES.map((server) => SERVERS[server].title), ...COMPARED.map(comparison)],
    rows.map((row) => [
      row.title,
      row.unit,
      ...SERVER_NAMES.map((server) => formatSummary(results.summary(row, server))),
      ...COMPARED.map((against) => formatRatio(results.ratio(row, against))),
    ]),
  );
}

function detailTable(results: Results, rows: readonly Row[]): string[] {
  const detailed = rows.filter((row) =>
    SERVER_NAMES.some((server) => results.summary(row, server)?.p50Ms !== undefined),
  );
  return table(
    ["workload", ...SERVER_NAMES.map((server) => SERVERS[server].title)],
    detailed.map((row) => [row.title, ...SERVER_NAMES.map((server) => formatDetail(results.summary(row, server)))]),
  );
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const alignment = head.map((_, column) => (column === 0 ? "---" : "--:"));
  return [head, alignment, ...body].map((cells) => `| ${cells.join(" | ")} |`);
}

function comparison(server: ServerName): string {
  return server === "ceiling" ? "of the ceiling" : `vs ${SERVERS[server].title.split(" ")[0]}`;
}

function formatSummary(summary: Summary | undefined): string {
  if (!summary) return NOTHING;
  const { median, min, max } = summary;
  return min === max ? formatNumber(median) : `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`;
}

function formatDetail(summary: Summary | undefined): string {
  if (summary?.p50Ms === undefined || summary.p95Ms === undefined) return NOTHING;
  const cpu = summary.cpuMs === undefined ? NOTHING : formatNumber(summary.cpuMs);
  return `${formatNumber(summary.p50Ms)} / ${formatNumber(summary.p95Ms)}, ${cpu}`;
}

function formatRatio(ratio: number | undefined): string {
  if (ratio === undefined) return NOTHING;
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}×`;
}
