import { COUNTED } from "./counted.ts";

/*
 * What a month costs on Cloudflare's paid plan, from rows and calls as tests count them (counted.ts) and from the documented
 * prices (developers.cloudflare.com/workers/platform/pricing, /d1/platform/pricing, /durable-objects/platform/pricing, read
 * in November 2026). `node bench/edge/cost.ts` prints the table of docs/cost.md.
 */

/** Dollars per million, and the millions per month that the plan includes. */
const PRICES = {
  requests: { price: 0.3, included: 10 },
  objectCalls: { price: 0.15, included: 1 },
  objectRowsWritten: { price: 1, included: 50 },
  rowsRead: { price: 0.001, included: 25_000 },
  rowsWritten: { price: 1, included: 50 },
  gigabyteSeconds: { price: 12.5, included: 0.4 },
};
const PLAN = 5;

type Use = { readonly [Kind in keyof typeof PRICES]: number };

const DAYS = 30;
const WORKDAYS = 22;
const RUNS_A_DAY = 100;
const CALLS_A_RUN = 2000;
/** While an object works, it is billed for 128 MB. */
const GIGABYTES = 0.128;
/** How long an object works for a call. */
const SECONDS_A_CALL = 0.03;
const SECONDS_A_LOOK = 0.005;
const MILLION = 1_000_000;

function job(call: (typeof COUNTED)["call" | "slowCall"]): Use {
  const runs = DAYS * RUNS_A_DAY;
  const calls = runs * CALLS_A_RUN;
  return {
    requests: calls / MILLION,
    objectCalls: (calls * call.objectCalls) / MILLION,
    objectRowsWritten: (calls * call.objectRowsWritten) / MILLION,
    rowsRead: (runs * COUNTED.run.rowsRead) / MILLION,
    rowsWritten: (runs * COUNTED.run.rowsWritten + calls * call.rowsWritten) / MILLION,
    gigabyteSeconds: (calls * SECONDS_A_CALL * GIGABYTES) / MILLION,
  };
}

/** 20 pages that are looked at for 8 hours. @param share of the object calls where runs share objects */
function team(share: number): Use {
  const seconds = WORKDAYS * 8 * 3600;
  const objectCalls = seconds * COUNTED.team.objectCalls * share;
  return {
    requests: (seconds * COUNTED.team.requests) / MILLION,
    objectCalls: objectCalls / MILLION,
    objectRowsWritten: 0,
    rowsRead: (seconds * COUNTED.team.rowsRead) / MILLION,
    rowsWritten: 0,
    gigabyteSeconds: (objectCalls * SECONDS_A_LOOK * GIGABYTES) / MILLION,
  };
}

function sum(a: Use, b: Use): Use {
  return Object.fromEntries(Object.keys(a).map((kind) => [kind, a[kind as keyof Use] + b[kind as keyof Use]])) as Use;
}

function dollars(use: Use): number {
  return Object.entries(PRICES).reduce(
    (total, [kind, { price, included }]) => total + Math.max(0, use[kind as keyof Use] - included) * price,
    PLAN,
  );
}

const fast = job(COUNTED.call);
const slow = job(COUNTED.slowCall);
const CASES: readonly [name: string, use: Use][] = [
  ["100 runs a day, 2,000 calls of 10 metrics each, as fast as they go", fast],
  ["the same, a call each 12 s", slow],
  ["the first, and a team of 20 with the runs table open all day, each run its own object", sum(fast, team(1))],
  ["the same, with a cell for the experiment's 20 live runs", sum(fast, team(1 / 20))],
];

const columns = Object.keys(PRICES) as (keyof Use)[];
console.log(`| in a month, in millions | ${columns.join(" | ")} | bill |`);
console.log(`|---|${columns.map(() => "--:").join("|")}|--:|`);
for (const [name, use] of CASES) {
  const cells = columns.map((kind) => use[kind].toFixed(use[kind] < 10 ? 2 : 0));
  console.log(`| ${name} | ${cells.join(" | ")} | $${dollars(use).toFixed(2)} |`);
}
