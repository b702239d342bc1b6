import { setTimeout as sleep } from "node:timers/promises";
import type { RunningServer } from "../running-server.ts";
import { Connection } from "./connection.ts";

const CONNECT_PAUSE_MS = 10;

/** One of the concurrent clients: its number from 0, and its own connection. */
export interface Client {
  readonly index: number;
  readonly connection: Connection;
}

/** One unit of work. Throws if the server's answer is wrong. */
export type Operation = (client: Client) => Promise<void>;

export interface Load {
  readonly server: RunningServer;
  readonly clients: number;
  /** The duration of the measurement. A warm-up of a quarter of it comes first, and its operations are not counted. */
  readonly seconds: number;
  readonly operation: Operation;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** CPU time of the server's process tree per operation; undefined if the system does not provide it. */
  readonly cpuMs: number | undefined;
}

/** Lets every client repeat the operation without pauses until the time is over. Started operations are completed. */
export async function runLoad({ server, clients: count, seconds, operation }: Load): Promise<LoadResult> {
  const clients = await openClients(server.port, count);
  try {
    await repeatUntil(clients, performance.now() + seconds * 250, operation);
    const cpuBefore = server.cpuSeconds();
    const start = performance.now();
    const latenciesMs = await repeatUntil(clients, start + seconds * 1000, operation);
    const elapsedMs = performance.now() - start;
    const cpuAfter = server.cpuSeconds();
    latenciesMs.sort((a, b) => a - b);
    const operations = latenciesMs.length;
    return {
      perSecond: (operations * 1000) / elapsedMs,
      p50Ms: quantile(latenciesMs, 0.5),
      p95Ms: quantile(latenciesMs, 0.95),
      cpuMs:
        cpuBefore === undefined || cpuAfter === undefined ? undefined : ((cpuAfter - cpuBefore) * 1000) / operations,
    };
  } finally {
    for (const client of clients) client.connection.close();
  }
}

/** Runs the operation once for each of `items`, by this number of clients, without measuring. */
export async function forEachItem<T>(
  port: number,
  count: number,
  items: readonly T[],
  operation: (client: Client, item: T) => Promise<void>,
  authorization = "",
): Promise<void> {
  const clients = await openClients(port, count, authorization);
  const queue = items.values();
  try {
    await Promise.all(
      clients.map(async (client) => {
        for (const item of queue) await operation(client, item);
      }),
    );
  } finally {
    for (const client of clients) client.connection.close();
  }
}

/** The value below which `fraction` of the sorted values lie. */
export function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

/**
 * Opens the connections one after the other, with pauses. If several connections wait together, one worker of MLflow takes all
 * of them, and the other workers stay idle.
 */
export async function openClients(port: number, count: number, authorization = ""): Promise<Client[]> {
  const clients: Client[] = [];
  for (let index = 0; index < count; index++) {
    clients.push({ index, connection: await Connection.open(port, authorization) });
    await sleep(CONNECT_PAUSE_MS);
  }
  return clients;
}

async function repeatUntil(clients: readonly Client[], deadlineMs: number, operation: Operation): Promise<number[]> {
  const latenciesMs: number[] = [];
  await Promise.all(
    clients.map(async (client) => {
      for (let start = performance.now(); start < deadlineMs; ) {
        await operation(client);
        const end = performance.now();
        latenciesMs.push(end - start);
        start = end;
      }
    }),
  );
  return latenciesMs;
}
