import type { RunningServer } from "../running-server.ts";
import type { ServerName } from "../servers.ts";

/** What is in the folder a server starts on: nothing, finished runs, or one long metric series. */
export type DataSet = "empty" | "runs" | "series";

export type Unit = "requests/s" | "rows/s" | "MB/s" | "ms" | "s" | "MB";

/** A row of the results. */
export interface Row {
  readonly id: string;
  /** In Markdown; `{runs}`, `{points}` and `{artifact}` stand for the scale's sizes. */
  readonly title: string;
  readonly unit: Unit;
  /** How many times better than another server Trackflare is meant to be, in one run on one machine. */
  readonly targets?: Partial<Record<ServerName, number>>;
  /** The most that Trackflare may take, in the row's unit, whatever the machine. */
  readonly most?: number;
}

export interface Measurement {
  /** In the row's unit. */
  readonly value: number;
  readonly p50Ms?: number | undefined;
  readonly p95Ms?: number | undefined;
  /** CPU time of the server's processes per operation. */
  readonly cpuMs?: number | undefined;
}

/** How much is done; the same for all servers of a run. */
export interface Scale {
  readonly seconds: number;
  readonly runs: number;
  readonly points: number;
  readonly artifactBytes: number;
}

export interface Workload extends Row {
  readonly data: DataSet;
  readonly servers: readonly ServerName[];
  /** @throws where any answer of the server is wrong. */
  readonly measure: (server: RunningServer, scale: Scale) => Promise<Measurement>;
}

/** The servers that speak MLflow's API. */
export const TRACKING_SERVERS: readonly ServerName[] = ["trackflare", "mlflow", "fasttrackml"];
export const SERVERS_WITH_CEILING: readonly ServerName[] = [...TRACKING_SERVERS, "ceiling"];

/** Whether more of this unit is better. */
export function isRate(unit: Unit): boolean {
  return unit.endsWith("/s");
}

/** A name that no earlier measurement on the same folder has used. */
export function freshName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID()}`;
}
