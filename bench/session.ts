import { setTimeout as sleep } from "node:timers/promises";
import { newDataFolder, removeDataFolder } from "./data-folders.ts";
import { render } from "./http/connection.ts";
import { openClients } from "./http/load.ts";
import { WrongAnswer } from "./mlflow-api.ts";
import { formatNumber } from "./report.ts";
import type { Results } from "./results.ts";
import { RunningServer } from "./running-server.ts";
import { ADMIN, basic, type ServerName } from "./servers.ts";
import { PROCESS_ROWS } from "./workloads/all.ts";
import type { DataSet, Measurement, Row, Scale, Workload } from "./workloads/workload.ts";

/** The idle time of a new server before its memory is read. */
const IDLE_MS = 2000;

const PEERS: readonly ServerName[] = ["mlflow", "fasttrackml"];

const WARM_UP_ROUNDS = 3;
const WARM_UP_CLIENTS = 16;

/** Runs one server on one folder, from its start to its end. */
export interface Session {
  readonly name: ServerName;
  readonly port: number;
  readonly data: DataSet;
  readonly workloads: readonly Workload[];
  /** The wanted rows about the process itself. */
  readonly processRows: ReadonlySet<Row>;
  readonly scale: Scale;
}

let running: RunningServer | undefined;

/** Ends the measured server when the benchmark itself is ended. */
export async function stopSession(): Promise<void> {
  await running?.stop();
}

export async function runSession(session: Session, results: Results): Promise<void> {
  const { name, port, data, workloads, processRows, scale } = session;
  const folder = await newDataFolder(name, data, scale, port);
  const record = (row: Row, measurement: Measurement | undefined) => {
    if (!measurement) return;
    results.add(row, name, measurement);
    console.log(`${name.padEnd(12)} ${row.id.padEnd(18)} ${formatNumber(measurement.value)} ${row.unit}`);
  };
  const recordProcess = (row: Row, value: number | undefined) => {
    if (processRows.has(row) && value !== undefined) record(row, { value });
  };
  try {
    const closed = data === "users" ? { isFilled: true } : undefined;
    const server = await RunningServer.start(name, folder, port, closed);
    running = server;
    if (data === "empty") {
      recordProcess(PROCESS_ROWS.start, server.startMs);
      if (processRows.has(PROCESS_ROWS.memoryIdle)) await sleep(IDLE_MS);
      recordProcess(PROCESS_ROWS.memoryIdle, megabytes(server.pssBytes()));
    }
    await warmUp(server, closed ? basic(ADMIN) : "");
    for (const workload of workloads) {
      const measured = await measure(server, workload, scale);
      if (measured instanceof WrongAnswer) {
        console.log(`${name.padEnd(12)} ${workload.id.padEnd(18)} ${measured.message}`);
        results.addWrongAnswer(workload, name, measured.message);
      } else {
        record(workload, measured);
      }
    }
    if (data === "empty" && workloads.length > 0) {
      recordProcess(PROCESS_ROWS.memoryAfter, megabytes(server.pssBytes()));
    }
    await server.stop();
    if (data === "empty" && processRows.has(PROCESS_ROWS.restart)) {
      running = await RunningServer.start(name, folder, port);
      recordProcess(PROCESS_ROWS.restart, running.startMs);
    }
  } finally {
    await stopSession();
    running = undefined;
    removeDataFolder(folder);
  }
}

/**
 * A peer's wrong answer or refusal under load is a result: it is reported, and the peer gets no figure.
 * @throws if Trackflare or the bare Worker answers wrong, because later figures would mean nothing
 */
async function measure(server: RunningServer, workload: Workload, scale: Scale): Promise<Measurement | WrongAnswer> {
  try {
    return await workload.measure(server, scale);
  } catch (error) {
    if (error instanceof WrongAnswer && PEERS.includes(server.name)) return error;
    throw new Error(`${server.name}, ${workload.id}`, { cause: error });
  }
}

/** MLflow's workers load much code at their first request. Several connections reach all workers. */
async function warmUp(server: RunningServer, authorization: string): Promise<void> {
  const path = server.name === "ceiling" ? "/health" : "/api/2.0/mlflow/experiments/get?experiment_id=0";
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    const clients = await openClients(server.port, WARM_UP_CLIENTS);
    const request = render("GET", path, server.port, undefined, authorization);
    await Promise.all(clients.map(({ connection }) => connection.send(request)));
    for (const { connection } of clients) connection.close();
  }
}

function megabytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1e6;
}
