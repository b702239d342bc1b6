import { artifactWorkloads } from "./artifact.ts";
import { createRunWorkloads } from "./create-run.ts";
import { healthWorkload } from "./health.ts";
import { logBatchWorkload } from "./log-batch.ts";
import { logMetricWorkloads } from "./log-metric.ts";
import { manyRunsWorkloads } from "./many-runs.ts";
import { registryWorkloads } from "./registry.ts";
import { searchGrantedWorkloads } from "./search-granted.ts";
import { searchRunsWorkloads } from "./search-runs.ts";
import { seriesWorkloads } from "./series.ts";
import type { Row, Workload } from "./workload.ts";

/** Workloads on a running server, in the order of the results. */
export const WORKLOADS: readonly Workload[] = [
  ...logMetricWorkloads,
  logBatchWorkload,
  ...createRunWorkloads,
  ...manyRunsWorkloads,
  ...searchRunsWorkloads,
  ...searchGrantedWorkloads,
  ...seriesWorkloads,
  ...artifactWorkloads,
  ...registryWorkloads,
  healthWorkload,
];

/** Rows that are measured while a server is started and stopped around the workloads. */
export const PROCESS_ROWS = {
  start: { id: "start", title: "first start, to the first API answer", unit: "ms" },
  restart: { id: "restart", title: "restart, to the first API answer", unit: "ms" },
  memoryIdle: { id: "memory-idle", title: "memory when idle (PSS of the process tree)", unit: "MB" },
  memoryAfter: { id: "memory-after", title: "… after the writes above", unit: "MB", most: 600 },
} as const satisfies Record<string, Row>;

export const ROWS: readonly Row[] = [...WORKLOADS, ...Object.values(PROCESS_ROWS)];
