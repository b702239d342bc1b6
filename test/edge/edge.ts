import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { countedEnv } from "./counted-env.ts";
import { ledger, type Trip } from "./ledger.ts";

type Worker = typeof import("../../src/index.ts").default;

/** The cost of one API call. */
export interface Cost {
  /** Sequential round trips before the answer. */
  readonly rounds: number;
  /** Sequential round trips after the answer. */
  readonly roundsAfter: number;
  readonly d1Read: number;
  readonly d1Written: number;
  readonly objectWritten: number;
  readonly alarms: number;
  readonly trips: readonly Trip[];
  readonly answer: unknown;
}

/** An isolate. The Worker's memory begins empty in it. */
export class Isolate {
  readonly #worker: Worker;
  readonly #env: Env;

  private constructor(worker: Worker, settings: Partial<Env>) {
    this.#worker = worker;
    this.#env = { ...countedEnv(env, false), ...settings };
  }

  static async start(settings: Partial<Env> = {}): Promise<Isolate> {
    vi.resetModules();
    return new Isolate((await import("../../src/index.ts")).default, settings);
  }

  /** A call of MLflow's API, counted. */
  api(
    method: "GET" | "POST" | "PATCH",
    path: string,
    message: object = {},
    headers: Record<string, string> = {},
    status = 200,
  ) {
    return this.call(method, `/api/2.0/mlflow/${path}`, message, headers, status);
  }

  async call(
    method: "GET" | "POST" | "PATCH",
    path: string,
    message: object = {},
    headers: Record<string, string> = {},
    status = 200,
  ): Promise<Cost> {
    const query = method === "GET" ? new URLSearchParams(message as Record<string, string>).toString() : "";
    const request = new Request(`http://localhost${path}${query && `?${query}`}`, {
      method,
      headers: { "Content-Type": "application/json", ...headers },
      ...(method !== "GET" && { body: JSON.stringify(message) }),
    });
    const execution = createExecutionContext();
    ledger.clear();
    ledger.isHolding = true;
    const response = await this.#worker.fetch(request, this.#env, execution);
    const text = await response.text();
    const { rounds } = ledger;
    await waitOnExecutionContext(execution);
    ledger.isHolding = false;
    ledger.settleCursors();
    expect(response.status, `${method} ${path}: ${text.slice(0, 500)}`).toBe(status);
    const d1 = ledger.trips.filter(({ to }) => to === "d1");
    const sum = (of: (trip: Trip) => number) => d1.reduce((total, trip) => total + of(trip), 0);
    return {
      rounds,
      roundsAfter: ledger.rounds - rounds,
      d1Read: sum(({ rowsRead }) => rowsRead),
      d1Written: sum(({ rowsWritten }) => rowsWritten),
      objectWritten: ledger.objectRowsWritten,
      alarms: ledger.alarmsSet,
      trips: ledger.trips,
      answer: text.startsWith("{") ? JSON.parse(text) : text,
    };
  }
}
