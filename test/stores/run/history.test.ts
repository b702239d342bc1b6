import { expect, test } from "vitest";
import { MetricHistory } from "../../../src/stores/run/history.ts";
import { encodePoints } from "../../../src/stores/run/points.ts";
import type { Position } from "../../../src/stores/run/series.ts";
import { ObjectTables } from "../../../src/stores/run/tables.ts";
import { describe, describeAll, NaiveHistory } from "./naive-history.ts";
import { append, lastOf, pages, withStorage } from "./object-history.ts";
import { Random, randomMetric } from "./random.ts";

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "reads what a naive model reads, page by page, whatever happens in between (seed %i)",
  async (seed) => {
    await withStorage((storage) => {
      const random = new Random(seed);
      const keys = Array.from({ length: random.integer(1, 12) }, (_, index) => `metric ${index}`);
      const naive = new NaiveHistory();
      let history = new MetricHistory(new ObjectTables(storage));
      let lastId = 0;
      let after: Position | undefined;
      let key = keys[0]!;
      for (let round = 0; round < 150; round++) {
        const batches = Array.from({ length: random.integer(1, 3) }, () =>
          Array.from({ length: random.integer(0, 15) }, () => randomMetric(random, keys, seed % 2 === 0)),
        );
        const id = history.append(batches.map(encodePoints));
        // A body without points takes no row.
        const isNew = batches.some((batch) => batch.length > 0);
        expect(isNew ? id > lastId : id === lastId).toBe(true);
        expect(history.lastJournalId).toBe(id);
        lastId = id;
        for (const batch of batches) naive.append(batch);
        if (history.foldIsDue || random.chance(0.5)) history.fold();
        if (random.chance(0.1)) history = new MetricHistory(new ObjectTables(storage));

        const limit = random.integer(1, 60);
        const series = naive.series(key);
        const start = after ? series.map(plain).indexOf(plain(after)) + 1 : 0;
        const page = history.read(key, { after, limit });
        expect(describeAll(page)).toEqual(series.slice(start, start + limit).map(describe));
        after = lastOf(page);
        if (!after) key = random.of(keys);
      }
      expect([...history.summariesSince(0).keys()].sort()).toEqual(naive.keys().sort());
      for (const each of keys) {
        expect([...pages(history, each, 97)].flatMap(describeAll)).toEqual(naive.series(each).map(describe));
        expect(describeAll(history.sample(each, { maxResults: 20, startStep: -3, endStep: 9 }))).toEqual(
          naive.sample(each, 20, (step) => step >= -3n && step <= 9n).map(describe),
        );
      }
    });
  },
);

/** A series as text. 0 and −0 have the same text, because a later 0 replaces a −0. */
function plain(point: Position): string {
  return describe({ ...point, value: point.value + 0 });
}

test("what was appended and not folded, folded, or folded and merged is summed up alike after a restart", async () => {
  await withStorage((storage) => {
    const random = new Random(9);
    const keys = ["a", "b", "c"];
    const naive = new NaiveHistory();
    const laterNaive = new NaiveHistory();
    const history = new MetricHistory(new ObjectTables(storage));
    let flushedThrough = 0;
    for (let round = 0; round < 120; round++) {
      // Later points count down, so that the latest point is in the segment that is merged with earlier ones.
      const metrics = Array.from({ length: 10 }, () => {
        const metric = randomMetric(random, keys, true);
        return round < 60 ? metric : { ...metric, key: "later", step: -round };
      });
      const id = history.append([encodePoints(metrics)]);
      (round < 60 ? naive : laterNaive).append(metrics);
      if (round === 59) flushedThrough = id;
      if (round % 3 === 2 && round < 115) history.fold();
    }
    const restarted = new MetricHistory(new ObjectTables(storage));
    const all = restarted.summariesSince(0);
    expect([...all.keys()].sort()).toEqual(["a", "b", "c", "later"]);
    for (const key of keys) {
      expect(plain(all.get(key)!)).toBe(plain(naive.latest(key)));
      expect(plain(all.get(key)!.first)).toBe(plain(naive.first(key)));
      expect(all.get(key)!.minValue).toBe(Math.min(...naive.numbers(key)));
      expect(all.get(key)!.maxValue).toBe(Math.max(...naive.numbers(key)));
    }
    expect(plain(restarted.summariesSince(flushedThrough).get("later")!)).toBe(plain(laterNaive.latest("later")));
    expect(restarted.summariesSince(restarted.lastJournalId).size).toBe(0);
  });
});

test("ids of rows are greater than those that D1 may have heard of, also of an object that lost its rows", async () => {
  await withStorage((storage) => {
    const body = encodePoints([{ key: "a", value: 1, step: 1, timestamp: 1 }]);
    const used = new MetricHistory(new ObjectTables(storage)).append([body]) + 1_000_000;
    expect(new MetricHistory(new ObjectTables(storage), 0, used).append([body])).toBeGreaterThan(used);
  });
});

test("a straight series is written once: its full blocks move from segment to segment", async () => {
  await withStorage((storage) => {
    const history = new MetricHistory(new ObjectTables(storage));
    const fullBlocks = () =>
      storage.sql
        .exec<{ body_id: number }>("SELECT body_id FROM block WHERE points >= 6144")
        .toArray()
        .map((row) => row.body_id);
    let known: number[] = [];
    for (let batch = 0; batch < 400; batch++) {
      append(
        history,
        Array.from({ length: 1000 }, (_, at) => ({ key: "loss", timestamp: 0, step: batch * 1000 + at, value: at })),
      );
      const blocks = fullBlocks();
      expect(blocks).toEqual(expect.arrayContaining(known));
      known = blocks;
    }
    expect(known.length).toBeGreaterThan(40);
    let next = 0;
    let wrong = 0;
    for (const page of pages(history, "loss", 25_000)) for (const step of page.steps) if (step !== next++) wrong++;
    expect({ next, wrong }).toEqual({ next: 400_000, wrong: 0 });
  });
});

test("late points and repeats of whole batches find their place", async () => {
  await withStorage((storage) => {
    const history = new MetricHistory(new ObjectTables(storage));
    const batches = Array.from({ length: 150 }, (_, batch) =>
      Array.from({ length: 1000 }, (_, at) => ({
        key: at % 10 ? "dense" : "sparse",
        timestamp: batch * 1000 + at,
        step: 0,
        value: at,
      })),
    );
    for (const batch of batches) append(history, batch);
    for (const batch of batches.filter((_, index) => index % 7 === 3)) append(history, batch);
    append(history, [{ key: "sparse", timestamp: 5, step: 0, value: 5 }]);
    history.fold();
    const dense = [...pages(history, "dense", 7000)].flatMap((page) => [...page.timestamps]);
    const sparse = [...pages(history, "sparse", 7000)].flatMap((page) => [...page.timestamps]);
    const times = Array.from({ length: 150_000 }, (_, time) => time);
    expect(dense).toEqual(times.filter((time) => time % 10));
    expect(sparse).toEqual(times.filter((time) => time % 10 === 0 || time === 5));
  });
});

test("segments whose full blocks overlap are merged point by point", async () => {
  await withStorage((storage) => {
    const history = new MetricHistory(new ObjectTables(storage));
    for (let part = 0; part < 8; part++) {
      append(
        history,
        Array.from({ length: 8192 }, (_, at) => ({ key: "loss", timestamp: at * 8 + part, step: 0, value: part })),
      );
      history.fold();
    }
    expect(storage.sql.exec("SELECT points FROM segment").toArray()).toEqual([{ points: 65_536 }]);
    expect([...pages(history, "loss", 5000)].flatMap((page) => [...page.timestamps])).toEqual(
      Array.from({ length: 65_536 }, (_, time) => time),
    );
  });
});

test("bodies are checked before anything is written", async () => {
  await withStorage((storage) => {
    const history = new MetricHistory(new ObjectTables(storage));
    const body = encodePoints([{ key: "a", timestamp: 1, step: 1, value: 1 }]);
    const newer = body.slice();
    newer[0] = 9;
    expect(() => history.append([body, newer])).toThrow("format 9");
    expect(() => history.append([body, body.subarray(0, 20)])).toThrow("frame of metric points");
    expect(() => history.append([new Uint8Array([...body, 0])])).toThrow("beyond its end");
    expect([...history.summariesSince(0).keys()]).toEqual([]);
  });
});

test("stored points of an unknown format are an error, not silence", async () => {
  await withStorage((storage) => {
    const history = new MetricHistory(new ObjectTables(storage));
    append(history, [{ key: "a", timestamp: 1, step: 1, value: 1 }]);
    history.fold();
    const { body } = storage.sql.exec<{ body: ArrayBuffer }>("SELECT body FROM block_body").one();
    new Uint8Array(body)[0] = 9;
    storage.sql.exec("UPDATE block_body SET body = ?", body);
    expect(() => history.read("a", { limit: 1 })).toThrow("Metric points have format 9");
  });
});

test("journal ids only grow, over restarts and the version before; what SQLite notes of them is written seldom", async () => {
  await withStorage((storage) => {
    const noted = () =>
      storage.sql.exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'journal'").one().seq;
    const rows = () =>
      storage.sql
        .exec<{ id: number }>("SELECT id FROM journal ORDER BY id")
        .toArray()
        .map(({ id }) => id);
    const point = (step: number) => [encodePoints([{ key: "a", timestamp: 1, step, value: 1 }])];
    const history = new MetricHistory(new ObjectTables(storage));
    expect(history.lastJournalId).toBe(0);
    const first = history.append(point(0));
    const notedFirst = noted();
    for (let step = 1; step < 100; step++) history.append(point(step));
    expect(rows()).toEqual(Array.from({ length: 100 }, (_, index) => first + index));
    expect(noted()).toBe(notedFirst);
    history.fold();
    expect(rows()).toEqual([]);

    const restarted = new MetricHistory(new ObjectTables(storage));
    const next = restarted.append(point(100));
    expect(next).toBeGreaterThan(first + 99);
    const { id } = storage.sql
      .exec<{ id: number }>("INSERT INTO journal (body) VALUES (?) RETURNING id", point(101)[0]!)
      .one();
    expect(id).toBeGreaterThan(next);
    const again = new MetricHistory(new ObjectTables(storage));
    expect(again.append(point(102))).toBeGreaterThan(id);
    expect(again.read("a", { limit: 1000 }).values.length).toBe(103);

    let last = again.lastJournalId;
    for (let step = 0; step < 2500; step++) {
      const appended = again.append(point(step));
      expect(appended).toBe(last + 1);
      last = appended;
    }
    expect(noted()).toBeGreaterThanOrEqual(last);
  });
});

test("bodies share a journal row up to its size", async () => {
  await withStorage((storage) => {
    const history = new MetricHistory(new ObjectTables(storage));
    const body = encodePoints(
      Array.from({ length: 10_000 }, (_, step) => ({ key: "a", timestamp: 1, step, value: 1 })),
    );
    history.append(Array(5).fill(body));
    const rows = storage.sql.exec<{ bytes: number }>("SELECT length(body) AS bytes FROM journal").toArray();
    expect(rows.map(({ bytes }) => bytes)).toEqual([3 * body.length, 2 * body.length]);
    history.fold();
    expect(history.read("a", { limit: 50_000 }).values.length).toBe(10_000);
  });
});

test.each([1, 2, 3])("a chart of several metrics is that of each, folded or not (seed %i)", async (seed) => {
  await withStorage((storage) => {
    const random = new Random(seed);
    const keys = ["a", "b", "c", "d"];
    const history = new MetricHistory(new ObjectTables(storage));
    for (let round = 0; round < 30; round++) {
      history.append([encodePoints(Array.from({ length: 40 }, () => randomMetric(random, keys, false)))]);
      if (random.chance(0.1)) history.fold();
    }
    for (const x of [{ kind: "step" }, { kind: "time" }, { kind: "metric", key: "d" }] as const) {
      const options = { x, buckets: 10 };
      const asked = ["c", "none", "a"];
      const alone = asked.map((key) => history.chart([key], options)[0]);
      expect(history.chart(asked, options)).toEqual(alone);
      expect(alone[0]!.total).toBeGreaterThan(0);
    }
  });
});
