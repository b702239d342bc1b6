import type { Connection } from "../http/connection.ts";
import { quantile } from "../http/load.ts";
import type { Answer } from "../http/response-parser.ts";
import type { RunningServer } from "../running-server.ts";
import type { Measurement } from "./workload.ts";

const MIN_REQUESTS = 2;
const MAX_REQUESTS = 200;

/**
 * Repeats one request from one client. @returns the median time from sending to the last byte, in milliseconds. As under load,
 * a warm-up of a quarter of the time, and at least one request, comes first. The time does not include checks of answers.
 */
export async function timeRequests(
  server: RunningServer,
  connection: Connection,
  request: string,
  seconds: number,
  check: (answer: Answer) => void,
): Promise<Measurement> {
  const warmUpEnd = performance.now() + seconds * 250;
  do {
    check(await connection.send(request));
  } while (performance.now() < warmUpEnd);
  const latenciesMs: number[] = [];
  const cpuBefore = server.cpuSeconds();
  const deadline = performance.now() + seconds * 1000;
  while (latenciesMs.length < MIN_REQUESTS || (performance.now() < deadline && latenciesMs.length < MAX_REQUESTS)) {
    const start = performance.now();
    const answer = await connection.send(request);
    latenciesMs.push(performance.now() - start);
    check(answer);
  }
  const cpuAfter = server.cpuSeconds();
  latenciesMs.sort((a, b) => a - b);
  const p50Ms = quantile(latenciesMs, 0.5);
  const cpuMs =
    cpuBefore === undefined || cpuAfter === undefined
      ? undefined
      : ((cpuAfter - cpuBefore) * 1000) / latenciesMs.length;
  return { value: p50Ms, p50Ms, p95Ms: quantile(latenciesMs, 0.95), cpuMs };
}
