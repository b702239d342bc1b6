import { Agent } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { DIFFERENCES } from "./differences.ts";
import type { Exchange } from "./equalise.ts";
import { sendHttp } from "./http.ts";
import { nextOperation } from "./operations.ts";
import type { RunningServer, Servers } from "./servers.ts";
import { type Call, nextPage, shapedCall } from "./shapes.ts";
import { type Answer, isObject, type Symbols } from "./symbols.ts";
import { World } from "./world.ts";

/** An exchange, without its intended differences. */
export interface Mismatch extends Exchange {
  readonly seed: number;
  readonly index: number;
}

export interface Report {
  readonly calls: number;
  /** Calls that MLflow answered with 2xx. */
  readonly accepted: number;
  readonly callsByOperation: ReadonlyMap<string, number>;
  /** How often each intended difference occurred. */
  readonly differences: ReadonlyMap<string, number>;
  readonly mismatches: readonly Mismatch[];
}

/**
 * Sends the sequence of a seed to both servers, call by call, and compares the answers.
 * @param mostMismatches the number of mismatches after which the sequence ends
 */
export async function runSequence(servers: Servers, seed: number, calls: number, mostMismatches = 20): Promise<Report> {
  const world = new World(seed);
  const [mlflow, trackflare] = [new Client(servers.mlflow), new Client(servers.trackflare)];
  const callsByOperation = new Map<string, number>();
  const differences = new Map(DIFFERENCES.map(({ name }) => [name, 0]));
  const mismatches: Mismatch[] = [];
  let accepted = 0;
  let index = 0;
  /** Runs before anything changes, because MLflow's page tokens count rows. */
  let page: Call | undefined;
  for (; index < calls && mismatches.length < mostMismatches; index += 1) {
    const call: Call = page ?? shapedCall(nextOperation(world, index), world);
    const { operation } = call;
    const number = `${seed}_${index}`;
    const [theirs, ours] = await Promise.all([mlflow.send(call, number), trackflare.send(call, number)]);
    callsByOperation.set(operation.name, (callsByOperation.get(operation.name) ?? 0) + 1);
    if (theirs.status < 300) accepted += 1;
    const exchange = { call, mlflow: theirs, trackflare: ours };
    const unexplained = withoutMeant(exchange, differences);
    if (!areEqual(unexplained)) mismatches.push({ seed, index, ...unexplained });
    if (theirs.status < 300 && ours.status < 300) operation.learn?.(theirs.body ?? null, world, call.message);
    const token = isObject(theirs.body) && isObject(ours.body) ? ours.body.next_page_token : undefined;
    const isPlain = !call.shapes.some((shape) => shape.startsWith("camelCase") || shape.startsWith("wrong type"));
    page = isPlain && typeof token === "string" && world.random.chance(0.8) ? nextPage(call, token) : undefined;
  }
  mlflow.close();
  trackflare.close();
  return { calls: index, accepted, callsByOperation, differences, mismatches };
}

function areEqual({ mlflow, trackflare }: Exchange): boolean {
  return isDeepStrictEqual(mlflow, trackflare);
}

/** The exchange without intended differences. Counts the differences that occur. */
function withoutMeant(exchange: Exchange, counts: Map<string, number>): Exchange {
  let rest = exchange;
  for (const { name, equalise } of DIFFERENCES) {
    if (areEqual(rest)) return rest;
    const before = rest;
    rest = equalise(before);
    if (!isDeepStrictEqual(rest, before)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return rest;
}

/** One of the two servers, and its names of things. */
class Client {
  readonly #url: string;
  readonly #agent = new Agent();
  readonly #symbols: Symbols;

  constructor({ url, symbols }: RunningServer) {
    this.#url = url;
    this.#symbols = symbols;
  }

  async send(call: Call, number: string): Promise<Answer> {
    const own = {
      method: call.method,
      target: this.#symbols.resolve(call.target),
      headers: call.headers,
      ...(call.body !== undefined && { body: this.#symbols.resolve(call.body) }),
    };
    const { status, contentType, text } = await sendHttp(this.#url, this.#agent, own);
    return this.#symbols.normalise(number, status, contentType, text);
  }

  close(): void {
    this.#agent.destroy();
  }
}
