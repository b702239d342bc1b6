import { expect, test } from "vitest";
import { News } from "../../../../src/stores/run/news.ts";
import { decodePoints, encodePoints } from "../../../../src/stores/run/points.ts";
import { MetricSummaries } from "../../../../src/stores/run/summaries.ts";

const newNews = () => new News(new MetricSummaries(), 0);
const add = (news: News, key: string, through: number) =>
  news.add([decodePoints(encodePoints([{ key, value: 1, step: 1, timestamp: 1 }]))], through);
const keysOf = (news: News) => [...news.take().summaries.keys()].sort();

test("what is confirmed is dropped, and no more, however often the news was handed out", () => {
  // More parts than the limit, so the first ones are joined.
  for (let confirmed = 0; confirmed <= 8; confirmed++) {
    const news = newNews();
    for (let row = 1; row <= 8; row++) {
      add(news, `k${row}`, row);
      expect(news.take().through).toBe(row);
    }
    news.confirm(confirmed);
    const kept = keysOf(news);
    for (let row = confirmed + 1; row <= 8; row++) expect(kept, `confirmed up to ${confirmed}`).toContain(`k${row}`);
    if (confirmed === 8) expect(kept).toEqual([]);
  }
});

test("what is confirmed that was never handed out is dropped with the last row, and not before", () => {
  const news = newNews();
  add(news, "a", 1);
  add(news, "b", 2);
  news.confirm(1);
  expect(keysOf(news)).toEqual(["a", "b"]);
  add(news, "c", 3);
  news.confirm(3);
  expect(keysOf(news)).toEqual([]);
});

test("points are counted until they are handed out, metrics until they are confirmed", () => {
  const news = newNews();
  add(news, "a", 1);
  add(news, "a", 2);
  expect([news.freshPoints, news.size]).toEqual([2, 1]);
  news.take();
  add(news, "a", 3);
  expect([news.freshPoints, news.size, news.through]).toEqual([1, 2, 3]);
});

test("news that nobody confirms is kept in a few parts, however often it is handed out", () => {
  const news = newNews();
  for (let row = 1; row <= 50; row++) {
    add(news, "a", row);
    news.take();
  }
  // Each part has the metric once.
  expect(news.size).toBeLessThanOrEqual(5);
  expect(keysOf(news)).toEqual(["a"]);
});
