import { beforeEach, expect, test, vi } from "vitest";
import type { ServiceContext } from "../../../src/services/context.ts";
import { askLiveRuns } from "../../../src/services/live/live-news.ts";
import type { LiveRun } from "../../../src/stores/d1/metrics/latest-metrics.ts";
import type { NewsOfRun, NewsRequest } from "../../../src/stores/run/cell.ts";
import type { Confirmed, RunNews } from "../../../src/stores/run/open-run.ts";
import { MAX_ASKED_OBJECTS } from "../../../src/stores/run/stub.ts";
import { MetricSummaries } from "../../../src/stores/run/summaries.ts";
import { summaryRows } from "../../../src/stores/run/summary-rows.ts";

/* How a search asks the objects of live runs. A test decides the objects' answers, and the database only records statements. */

type Answer = (confirmed: Confirmed | undefined) => RunNews;

interface Question {
  readonly object: string;
  readonly runs: readonly NewsRequest[];
}

/** A point of a metric. */
function rowOf(key: string, value = 1): string {
  const point = { step: 1, timestamp: 1, value };
  const summaries = new MetricSummaries([[key, { ...point, minValue: value, maxValue: value, first: point }]]);
  return summaryRows("r", summaries)[0]!;
}

const news = (more: Partial<RunNews> = {}): RunNews => ({
  ...{ rows: [rowOf("a")], epoch: 1, through: 1, flushedThrough: 0, isIdle: false },
  ...more,
});

class World {
  /** Answers by run id. The object of any other run throws. */
  readonly answers = new Map<string, Answer>();
  readonly questions: Question[] = [];
  /** How many news fit into one answer of a cell. */
  newsPerAnswer = 1000;
  /** The bound lists of each transaction. */
  readonly written: unknown[][] = [];
  /** Work that continues after the answer. */
  readonly after: Promise<unknown>[] = [];
  mostAtOnce = 0;
  #open = 0;

  async #ask(object: string, runs: readonly NewsRequest[]): Promise<RunNews[]> {
    this.questions.push({ object, runs });
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#open);
    await Promise.resolve();
    this.#open--;
    return runs.map(({ runId, confirmed }) => {
      const answer = this.answers.get(runId);
      if (answer === undefined) throw new Error("an object that fails");
      return answer(confirmed);
    });
  }

  readonly #db = {
    prepare: () => ({ bind: (...values: unknown[]) => values }),
    batch: async (statements: unknown[][]) => {
      this.written.push(statements.flat());
    },
  };

  readonly ctx = {
    waitUntil: (work: Promise<unknown>) => void this.after.push(work),
    env: {
      RUNS: {
        idFromName: (name: string) => name,
        get: (name: string) => ({
          unflushed: async (confirmed: Confirmed | undefined) =>
            (await this.#ask(name, [{ runId: name, confirmed }]))[0],
          unflushedOf: async (runs: readonly NewsRequest[]): Promise<NewsOfRun[]> => {
            const some = runs.slice(0, this.newsPerAnswer);
            const known = some.filter(({ runId }) => this.answers.has(runId));
            const told = await this.#ask(name, known);
            return some.map(({ runId }) => ({ runId, news: told[known.findIndex((run) => run.runId === runId)] }));
          },
        }),
      },
    },
    db: this.#db,
    primary: this.#db,
  } as unknown as ServiceContext;
}

let world: World;
let names = 0;
/** Each test has its own runs, because the isolate remembers runs. */
const newRuns = (count: number, cell = ""): LiveRun[] =>
  Array.from({ length: count }, () => ({ runId: `run-${names++}`, cell, flushedThrough: 0 }));
const answerAll = (runs: readonly LiveRun[], answer: Answer = () => news()) => {
  for (const { runId } of runs) world.answers.set(runId, answer);
};
const askedOf = (runId: string) => world.questions.flatMap(({ runs }) => runs.filter((run) => run.runId === runId));

beforeEach(() => {
  world = new World();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

test("of more live runs than the platform lets one request ask, the rest are stale; 32 are asked at a time", async () => {
  const runs = newRuns(MAX_ASKED_OBJECTS + 400);
  answerAll(runs);
  const { staleRuns, summaries } = await askLiveRuns(world.ctx, runs);
  expect([staleRuns, summaries.size, world.questions.length]).toEqual([400, MAX_ASKED_OBJECTS, MAX_ASKED_OBJECTS]);
  expect(world.mostAtOnce).toBe(32);
});

test("a row that was written is not written again for a minute, unless it changes", async () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ["Date"] });
  try {
    const [run] = newRuns(1);
    let value = 1;
    answerAll([run!], () => news({ rows: [rowOf("a", value), rowOf("b", value)] }));
    const written = async () => {
      const asked = await askLiveRuns(world.ctx, [run!]);
      const { length } = asked.statementsFor(["a"]);
      asked.noteWritten(["a"]);
      return length;
    };
    expect([await written(), await written()]).toEqual([1, 0]);
    value = 2;
    expect([await written(), await written()]).toEqual([1, 0]);
    vi.advanceTimersByTime(59_999);
    expect(await written()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(await written()).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

test("questions that are repeated count too", async () => {
  const runs = newRuns(MAX_ASKED_OBJECTS);
  expect((await askLiveRuns(world.ctx, runs)).staleRuns).toBe(MAX_ASKED_OBJECTS);
  expect(world.questions.length).toBe(MAX_ASKED_OBJECTS);
});

test("an object that fails is asked once more; its run is stale, and the others' news are told", async () => {
  const runs = newRuns(3);
  answerAll(runs.slice(1));
  const { staleRuns, summaries } = await askLiveRuns(world.ctx, runs);
  expect([staleRuns, [...summaries.keys()]]).toEqual([1, runs.slice(1).map(({ runId }) => runId)]);
  expect(runs.map(({ runId }) => askedOf(runId).length)).toEqual([2, 1, 1]);
});

test("an object that fails once loses nothing", async () => {
  const [run] = newRuns(1);
  let calls = 0;
  answerAll([run!], () => {
    if (++calls === 1) throw new Error("a deploy");
    return news();
  });
  const { staleRuns, summaries } = await askLiveRuns(world.ctx, [run!]);
  expect([staleRuns, summaries.size]).toEqual([0, 1]);
});

test("a cell is asked again until it has told of all its runs", async () => {
  const runs = newRuns(10, "cell-0");
  answerAll(runs);
  world.newsPerAnswer = 4;
  const { staleRuns, summaries } = await askLiveRuns(world.ctx, runs);
  expect([staleRuns, summaries.size]).toEqual([0, 10]);
  expect(world.questions.map(({ object, runs }) => [object, runs.length])).toEqual([
    ["cell-0", 4],
    ["cell-0", 4],
    ["cell-0", 2],
  ]);
  for (const { runId } of runs) expect(askedOf(runId)).toHaveLength(1);
});

test("a run that its cell cannot read is stale alone, and a cell that tells nothing is not asked for ever", async () => {
  const runs = newRuns(5, "cell-0");
  answerAll(runs.slice(0, 3));
  expect((await askLiveRuns(world.ctx, runs)).staleRuns).toBe(2);
  world.newsPerAnswer = 0;
  world.questions.length = 0;
  expect((await askLiveRuns(world.ctx, runs)).staleRuns).toBe(5);
  expect(world.questions).toHaveLength(1);
});

test("runs of several cells and runs of their own are asked each in one question an object", async () => {
  const runs = [...newRuns(3, "cell-0"), ...newRuns(2), ...newRuns(4, "cell-1")];
  answerAll(runs);
  expect((await askLiveRuns(world.ctx, runs)).staleRuns).toBe(0);
  expect(world.questions.map(({ runs }) => runs.length).toSorted()).toEqual([1, 1, 3, 4]);
});

test("marks of runs at rest are cleared after the answer, up to the epoch that was told", async () => {
  const runs = newRuns(2, "cell-0");
  const [busy, resting] = runs as [LiveRun, LiveRun];
  world.answers.set(busy.runId, () => news({ epoch: 3, through: 7 }));
  world.answers.set(resting.runId, () => news({ rows: [], isIdle: true, epoch: 5 }));
  await askLiveRuns(world.ctx, runs);
  await Promise.all(world.after);
  expect(world.written).toEqual([[JSON.stringify([[resting.runId, 5]])]]);
});

test("what D1 lacks is behind only where an object knows D1 further than the search read it", async () => {
  const runs = newRuns(2);
  answerAll(runs, () => news({ flushedThrough: 4 }));
  const at = (flushedThrough: number) => runs.map((run) => ({ ...run, flushedThrough }));
  expect((await askLiveRuns(world.ctx, at(4))).isBehind).toBe(false);
  expect((await askLiveRuns(world.ctx, at(3))).isBehind).toBe(true);
  answerAll(runs, () => {
    const { flushedThrough: _, ...ofBefore } = news();
    return ofBefore;
  });
  expect((await askLiveRuns(world.ctx, at(4))).isBehind).toBe(true);
});

test("more news than are held go to D1, whose state is told with the next question", async () => {
  const runs = newRuns(5, "cell-0");
  answerAll(runs, () => news({ rows: [rowOf("x".repeat(1_500_000))], epoch: 3, through: 7 }));
  const { staleRuns, isBehind, summaries } = await askLiveRuns(world.ctx, runs);
  expect([staleRuns, isBehind, summaries.size]).toEqual([0, true, 2]);
  expect(world.written).toHaveLength(1);
  world.questions.length = 0;
  await askLiveRuns(world.ctx, runs);
  const told = world.questions.flatMap((question) => question.runs.map(({ confirmed }) => confirmed));
  expect(told).toEqual([...Array(3).fill({ epoch: 3, through: 7 }), undefined, undefined]);
});

test("of some metrics only, too much news say nothing of the journal", async () => {
  const runs = newRuns(3, "cell-0");
  answerAll(runs, () => news({ rows: [rowOf("x".repeat(1_500_000))] }));
  await askLiveRuns(world.ctx, runs, ["x"]);
  expect(world.questions.flatMap((question) => question.runs.map(({ keys }) => keys))).toEqual(Array(3).fill(["x"]));
  world.questions.length = 0;
  await askLiveRuns(world.ctx, runs);
  expect(world.questions.flatMap((question) => question.runs.map(({ confirmed }) => confirmed))).toEqual(
    Array(3).fill(undefined),
  );
});
