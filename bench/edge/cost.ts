/*
 * The cost of a month on Cloudflare's paid plan, from the rows and calls that tests count and from the documented prices
 * (developers.cloudflare.com/workers/platform/pricing, /d1/platform/pricing, /durable-objects/platform/pricing, read in
 * November 2026). `node bench/edge/cost.ts` prints the table of docs/cost.md.
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
const SECONDS_A_CALL = 0.03;
const MILLION = 1_000_000;

/** From test/edge/round-trips.test.ts (a run's creation, first points, mark and end) and test/stores/run/core/counts.test.ts. */
const ROWS_OF_A_RUN = 60;

function job({ rowsACall, objectRowsACall }: { rowsACall: number; objectRowsACall: number }): Use {
  const calls = DAYS * RUNS_A_DAY * CALLS_A_RUN;
  const runs = DAYS * RUNS_A_DAY;
  return {
    requests: calls / MILLION,
    objectCalls: calls / MILLION,
    objectRowsWritten: (calls * objectRowsACall) / MILLION,
    rowsRead: (runs * 500) / MILLION,
    rowsWritten: (runs * ROWS_OF_A_RUN + calls * rowsACall) / MILLION,
    gigabyteSeconds: (calls * SECONDS_A_CALL * GIGABYTES) / MILLION,
  };
}

/**
 * 20 pages of 100 runs, 20 of them live, open for 8 hours. test/edge/looks.test.ts proves that they write nothing.
 * @param objects the number of objects that hold the live runs
 */
function team(objects: number): Use {
  const pages = 20;
  const seconds = WORKDAYS * 8 * 3600;
  const liveRuns = 20;
  const looks = pages * seconds * 0.5;
  const counts = pages * seconds * 0.2;
  // Each look reads a changed table again. Two isolates ask the objects once a second each, and each table asks them too.
  const objectCalls = seconds * 2 * objects * 0.5 + (looks * objects) / 4;
  return {
    requests: (2 * looks + counts) / MILLION,
    objectCalls: objectCalls / MILLION,
    objectRowsWritten: 0,
    rowsRead: (looks * liveRuns * 25 + looks * 1500 + counts * 200) / MILLION,
    rowsWritten: 0,
    gigabyteSeconds: (objectCalls * 0.005 * GIGABYTES) / MILLION,
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

const fast = job({ rowsACall: 0.05, objectRowsACall: 2 });
const slow = job({ rowsACall: 1, objectRowsACall: 3 });
const CASES: readonly [name: string, use: Use][] = [
  ["100 runs a day, 2,000 calls of 10 metrics each, as fast as they go", fast],
  ["the same, a call each 12 s", slow],
  ["the first, and a team of 20 with the runs table open all day, each run its own object", sum(fast, team(20))],
  ["the same, with a cell for the experiment's runs", sum(fast, team(1))],
];

const columns = Object.keys(PRICES) as (keyof Use)[];
console.log(`| in a month, in millions | ${columns.join(" | ")} | bill |`);
console.log(`|---|${columns.map(() => "--:").join("|")}|--:|`);
for (const [name, use] of CASES) {
  const cells = columns.map((kind) => use[kind].toFixed(use[kind] < 10 ? 2 : 0));
  console.log(`| ${name} | ${cells.join(" | ")} | $${dollars(use).toFixed(2)} |`);
}
