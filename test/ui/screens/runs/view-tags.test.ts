import { expect, test } from "vitest";
import type { Experiment } from "../../../../ui/src/api/experiments.ts";
import { keyFor, viewsOf, writeView } from "../../../../ui/src/screens/runs/view-tags.ts";

const experiment = (experiment_id: string, tags: Record<string, string>): Experiment => ({
  ...{ experiment_id, name: experiment_id, artifact_location: "", lifecycle_stage: "active" },
  ...{ creation_time: 0, last_update_time: 0 },
  tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
});

test("a view is read as it was written, once for all its experiments, by name", () => {
  const both = writeView({ name: "b", experimentIds: ["1", "2"], search: { q: "metrics.acc > 1", diff: true } });
  const one = writeView({ name: "a", experimentIds: ["1"], search: {} });
  const views = viewsOf([
    experiment("1", { "trackflare.view.01": both, "trackflare.view.02": one }),
    experiment("2", { "trackflare.view.01": both }),
  ]);
  expect(views).toEqual([
    { key: "trackflare.view.02", name: "a", experimentIds: ["1"], search: {} },
    {
      ...{ key: "trackflare.view.01", name: "b", experimentIds: ["1", "2"] },
      search: { q: "metrics.acc > 1", diff: true },
    },
  ]);
});

test("what others wrote into such a tag is left out, or what is wrong of it", () => {
  const tags = {
    "trackflare.view.1": "no JSON",
    "trackflare.view.2": "null",
    "trackflare.view.3": '{"name": 5, "search": {}}',
    "trackflare.view.4": '{"name": "odd", "experiments": [7], "search": {"q": 5, "sort": "x", "group": ["params.a"]}}',
    team: '{"name": "other", "search": {}}',
  };
  expect(viewsOf([experiment("1", tags)])).toEqual([
    { key: "trackflare.view.4", name: "odd", experimentIds: ["1"], search: { group: ["params.a"] } },
  ]);
});

test("a view of the same name is replaced, another has a key of its own", () => {
  const known = { key: "trackflare.view.1", name: "a", experimentIds: ["1"], search: {} };
  expect(keyFor([known], "a")).toBe(known.key);
  expect(keyFor([known], "b")).toMatch(/^trackflare\.view\.[0-9a-f]{8}$/);
});
