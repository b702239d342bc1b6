import { expect, test } from "vitest";
import { imageAt, imageSeries, seriesImage } from "../../../../ui/src/screens/artifacts/image-series.ts";

const name = (key: string, step: number, timestamp: number, mark = "%", end = "0a1b.png") =>
  `images/${[key, "step", step, "timestamp", timestamp, end].join(mark)}`;

test.each([
  [name("val#sample", 10, 99), { key: "val/sample", step: 10, timestampMs: 99 }],
  [name("val~sample", -1, 99, "+"), { key: "val/sample", step: -1, timestampMs: 99 }],
  [name("a step", 0, 1, "%", "0a1b.webp"), { key: "a step", step: 0, timestampMs: 1 }],
])("%s is an image of a series", (path, image) => {
  expect(seriesImage(path)).toEqual({ ...image, path });
});

test.each([
  "images/plot.png",
  name("key", 1, 2, "%", "0a1b%compressed.webp"),
  name("key", 1, 2).replace("%timestamp%", "+timestamp+"),
  name("key", 1, 2, "%", "0a1b.txt"),
])("%s is none", (path) => {
  expect(seriesImage(path)).toBeUndefined();
});

test("the images of a key are in the order of their steps, then of their times", () => {
  const paths = [name("a", 10, 1), name("b", 0, 1), name("a", 2, 9), name("a", 2, 3)];
  const files = [...paths.map((path) => ({ path, is_dir: false })), { path: name("a", 5, 5), is_dir: true }];
  const series = imageSeries(files);
  expect([...series.keys()]).toEqual(["a", "b"]);
  expect(series.get("a")?.map(({ step, timestampMs }) => [step, timestampMs])).toEqual([
    [2, 3],
    [2, 9],
    [10, 1],
  ]);
  expect(imageAt(series.get("a") ?? [], 9)?.timestampMs).toBe(9);
  expect(imageAt(series.get("a") ?? [], 10)?.step).toBe(10);
  expect(imageAt(series.get("a") ?? [], 1)).toBeUndefined();
});
