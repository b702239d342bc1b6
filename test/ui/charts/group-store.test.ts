import { expect, test, vi } from "vitest";
import { ApiError } from "../../../ui/src/api/client.ts";
import type { GroupSeries, GroupSeriesSearch } from "../../../ui/src/api/series.ts";
import { GroupStore } from "../../../ui/src/charts/group-store.ts";

const GROUPS = [{ label: "a", runIds: ["r1", "r2"] }];
const VIEW = { x: "step", buckets: 10, sameX: undefined } as const;

/** A store, and its requests, each with the function that answers the request. */
function watched() {
  const asked: { search: GroupSeriesSearch; answer: (error?: unknown) => void }[] = [];
  const store = new GroupStore(
    (search) =>
      new Promise((resolve, reject) => {
        const found = search.metric_keys.map((key) => ({ key }) as unknown as GroupSeries);
        asked.push({ search, answer: (error) => (error === undefined ? resolve(found) : reject(error)) });
      }),
  );
  return { store, asked };
}

test("metrics that are wanted together are read together, and each chart hears of its own", async () => {
  const { store, asked } = watched();
  const heard: string[] = [];
  for (const key of ["loss", "acc"]) {
    store.subscribe(key, () => heard.push(key));
    store.want(key);
  }
  store.show(GROUPS, VIEW);
  expect(store.snapshot("loss")).toMatchObject({ groups: [], isLoading: true });
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]!.search).toMatchObject({ run_ids: ["r1", "r2"], group_of: [0, 0], metric_keys: ["loss", "acc"] });
  heard.length = 0;
  asked[0]!.answer();
  await vi.waitFor(() => expect(heard).toEqual(["loss", "acc"]));
  expect(store.snapshot("loss")).toMatchObject({ groups: [{ key: "loss" }], isLoading: false });
  store.dispose();
});

test("another view is read anew, and what was read for the one before does not count", async () => {
  const { store, asked } = watched();
  store.want("loss");
  store.show(GROUPS, VIEW);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  store.show(GROUPS, { ...VIEW, buckets: 20 });
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  asked[0]!.answer();
  await Promise.resolve();
  expect(store.snapshot("loss").isLoading).toBe(true);
  asked[1]!.answer();
  await vi.waitFor(() => expect(store.snapshot("loss").isLoading).toBe(false));
  store.dispose();
});

test("a failure is told, and a retry reads again; a metric that nobody wants is not read", async () => {
  const { store, asked } = watched();
  store.want("loss");
  store.want("acc")();
  store.show(GROUPS, VIEW);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]!.search.metric_keys).toEqual(["loss"]);
  const failure = new ApiError(400, "INVALID_PARAMETER_VALUE", "no");
  asked[0]!.answer(failure);
  await vi.waitFor(() => expect(store.snapshot("loss")).toMatchObject({ error: failure, isLoading: false }));
  store.retry("loss");
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  asked[1]!.answer();
  await vi.waitFor(() => expect(store.snapshot("loss")).toMatchObject({ error: undefined, groups: [{ key: "loss" }] }));
  store.dispose();
});
