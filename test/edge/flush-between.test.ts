import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { countedEnv } from "./counted-env.ts";
import { type Cost, Isolate } from "./edge.ts";

/*
 * An object may write to D1 after a reader has read D1, and before the reader asks the object. Then neither answer has the
 * points, and the reader reads D1 again.
 */

let writer: Isolate;
let reader: Isolate;
let experimentId: string;
let runId: string;
let value = 10;

/** Objects that write to D1 just before they answer a request for news. */
function flushingFirst(namespace: Env["RUNS"]): Env["RUNS"] {
  const flushing = (stub: object) =>
    new Proxy(stub, {
      get: (target, method) => {
        const methods = target as Record<string | symbol, (...args: unknown[]) => Promise<unknown>>;
        if (method !== "unflushed") return (...args: unknown[]) => methods[method]!(...args);
        return async (...args: unknown[]) => {
          await methods.flush!();
          return await methods.unflushed!(...args);
        };
      },
    });
  return new Proxy(namespace, {
    get: (target, name) => {
      const member = Reflect.get(target, name, target);
      return (...args: unknown[]) => {
        const result = (member as (...args: unknown[]) => object).apply(target, args);
        return name === "get" ? flushing(result) : result;
      };
    },
  });
}

beforeAll(async () => {
  writer = await Isolate.start();
  reader = await Isolate.start({ RUNS: flushingFirst(countedEnv(env, false).RUNS) });
  const { answer } = await writer.api("POST", "experiments/create", { name: crypto.randomUUID() });
  experimentId = (answer as { experiment_id: string }).experiment_id;
  const created = await writer.api("POST", "runs/create", { experiment_id: experimentId });
  runId = (created.answer as { run: { info: { run_id: string } } }).run.info.run_id;
});

interface WireRun {
  readonly data: { readonly metrics: readonly { readonly value: number }[] };
}

const metricOf = (run: WireRun | undefined) => run?.data.metrics[0]?.value;
const search = async (message: object) => {
  const found = await reader.api("POST", "runs/search", { experiment_ids: [experimentId], ...message });
  return metricOf((found.answer as { runs: WireRun[] }).runs[0]);
};
const table = async (message: object) => {
  const body = { experiment_ids: [experimentId], columns: ["metrics.a"], ...message };
  const found: Cost = await reader.call("POST", "/ui-api/runs", body);
  return (found.answer as { columns: Record<string, unknown[]> }).columns["metrics.a"]?.[0];
};

test.each<[name: string, read: () => Promise<unknown>]>([
  [
    "runs/get",
    async () => {
      const { answer } = await reader.api("GET", "runs/get", { run_id: runId });
      return metricOf((answer as { run: WireRun }).run);
    },
  ],
  ["runs/search", () => search({})],
  ["runs/search by a metric", () => search({ order_by: ["metrics.a DESC"] })],
  ["a table", () => table({})],
  ["a table by a metric", () => table({ filter: "metrics.a > 0" })],
])("%s sees points that were told to D1 in between", async (_, read) => {
  for (let point = 0; point < 2; point++) {
    value++;
    await writer.api("POST", "runs/log-metric", { run_id: runId, key: "a", value, step: value, timestamp: 1 });
  }
  expect(await read()).toBe(value);
});
