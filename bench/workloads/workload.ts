import type { RunningServer } from "../running-server.ts";
import type { ServerName } from "../servers.ts";

/**
 * The content of a server's folder at its start: nothing, finished runs, one long metric series, or a user with a grant on
 * each of many experiments. With users, the server asks for credentials.
 */
export type DataSet = "empty" | "runs" | "series" | "users";

export type Unit = "requests/s" | "rows/s" | "MB/s" | "ms" | "s" | "MB";

/** A row of the results. */
export interface Row {
  readonly id: string;
  /** The row's name in Markdown. `{runs}`, `{points}` and `{artifact}` stand for the sizes of the scale. */
  readonly title: string;
  readonly unit: Unit;
  /** The target: how many times better than another server Trackflare must be, in one run on one machine. */
  readonly targets?: Partial<Record<ServerName, number>>;
  /** The limit for Trackflare in the row's unit, on any machine. */
  readonly most?: number;
  /** Another row of Trackflare's own, and how many times as fast as that row this one is meant to be at least. */
  readonly beside?: { readonly row: string; readonly least: number };
}

export interface Measurement {
  /** The figure in the row's unit. */
  readonly value: number;
  readonly p50Ms?: number | undefined;
  readonly p95Ms?: number | undefined;
  /** The CPU time of the server's processes per operation. */
  readonly cpuMs?: number | undefined;
}

/** The sizes of the workloads. They are the same for all servers of a run. */
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

/** The servers with MLflow's API. */
export const TRACKING_SERVERS: readonly ServerName[] = ["trackflare", "mlflow", "fasttrackml"];
export const SERVERS_WITH_USERS: readonly ServerName[] = ["trackflare", "mlflow"];
export const SERVERS_WITH_CEILING: readonly ServerName[] = [...TRACKING_SERVERS, "ceiling"];

/** Whether a greater figure is better in this unit. */
export function isRate(unit: Unit): boolean {
  return unit.endsWith("/s");
}

/** A name that is new on this folder. */
export function freshName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID()}`;
}
