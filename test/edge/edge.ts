import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { countedEnv } from "./counted-env.ts";
import { type Ledger, ledger, type Trip } from "./ledger.ts";

type Worker = typeof import("../../src/index.ts").default;

/** The cost of one API call. */
export interface Cost {
  /** Sequential round trips before the answer. */
  readonly rounds: number;
  /** Sequential round trips after the answer. */
  readonly roundsAfter: number;
  readonly d1Read: number;
  readonly d1Written: number;
  readonly objectRead: number;
  readonly objectWritten: number;
  readonly alarms: number;
  readonly trips: readonly Trip[];
  readonly headers: Headers;
  /** Reads of the artifacts' bucket, before and after the answer. */
  readonly bucketReads: Ledger["bucketReads"];
  readonly hints: readonly string[];
  readonly answer: unknown;
}

/** Where an isolate's clients are, and the host that they call. */
interface Place {
  readonly host?: string;
  readonly cf?: { readonly continent: string; readonly longitude: string };
}

/** An isolate. The Worker's memory begins empty in it. */
export class Isolate {
  readonly #worker: Worker;
  readonly #env: Env;
  readonly #place: Place;

  private constructor(worker: Worker, settings: Partial<Env>, place: Place) {
    this.#worker = worker;
    this.#env = { ...countedEnv(env, false), ...settings };
    this.#place = place;
  }

  static async start(settings: Partial<Env> = {}, place: Place = {}): Promise<Isolate> {
    vi.resetModules();
    return new Isolate((await import("../../src/index.ts")).default, settings, place);
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

  /** @param message a text is sent as it is */
  async call(
    method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE",
    path: string,
    message: object | string = {},
    headers: Record<string, string> = {},
    status = 200,
  ): Promise<Cost> {
    const execution = createExecutionContext();
    ledger.clear();
    ledger.isHolding = true;
    const { response, text } = await this.#send(method, path, message, headers, execution);
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
      objectRead: ledger.objectRowsRead,
      objectWritten: ledger.objectRowsWritten,
      alarms: ledger.alarmsSet,
      trips: ledger.trips,
      headers: response.headers,
      bucketReads: ledger.bucketReads,
      hints: ledger.hints,
      answer: answerOf(text),
    };
  }

  /** A call of many whose costs are counted together: the ledger goes on, and no call of D1 or of an object is held. */
  async among(
    path: string,
    message: object,
    headers: Record<string, string> = {},
  ): Promise<Pick<Cost, "headers" | "answer">> {
    const execution = createExecutionContext();
    const { response, text } = await this.#send("POST", path, message, headers, execution);
    await waitOnExecutionContext(execution);
    expect(response.status, `${path}: ${text.slice(0, 500)}`).toBe(200);
    return { headers: response.headers, answer: answerOf(text) };
  }

  /** Sends requests at the same time. @returns what all of them asked of D1 and of objects, also after their answers */
  async together(requests: readonly Request[]): Promise<readonly Trip[]> {
    const execution = createExecutionContext();
    ledger.clear();
    const answers = await Promise.all(requests.map((request) => this.#worker.fetch(request, this.#env, execution)));
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    await waitOnExecutionContext(execution);
    for (const { status } of answers) expect(status).toBe(200);
    return ledger.trips;
  }

  async #send(
    method: string,
    path: string,
    message: object | string,
    headers: Record<string, string>,
    execution: ExecutionContext,
  ): Promise<{ response: Response; text: string }> {
    const query = method === "GET" ? new URLSearchParams(message as Record<string, string>).toString() : "";
    const { host = "localhost", cf } = this.#place;
    const request = new Request(`http://${host}${path}${query && `?${query}`}`, {
      method,
      headers: { "Content-Type": "application/json", ...headers },
      ...(method !== "GET" && { body: typeof message === "string" ? message : JSON.stringify(message) }),
      ...(cf && { cf }),
    });
    const response = await this.#worker.fetch(request, this.#env, execution);
    return { response, text: await response.text() };
  }
}

function answerOf(text: string): unknown {
  return text.startsWith("{") ? JSON.parse(text) : text;
}
