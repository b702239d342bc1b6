import { expect, test } from "vitest";
import type { ListedExperiment } from "../../../../ui/src/api/experiment-list.ts";
import {
  foldersTo,
  hasFolders,
  listRows,
  noteLine,
  type Row,
  type RowQuery,
} from "../../../../ui/src/screens/experiments/experiment-rows.ts";

let lastId = 0;

function experiment(name: string, more: Partial<ListedExperiment> = {}): ListedExperiment {
  lastId += 1;
  return {
    ...{ experiment_id: String(lastId), name, artifact_location: "", lifecycle_stage: "active", tags: [] },
    ...{ creation_time: lastId, last_update_time: lastId, active_runs: 0, deleted_runs: 0, running_runs: 0 },
    last_activity: null,
    ...more,
  };
}

const QUERY: RowQuery = { words: "", folder: "", isFlat: false, sort: "name" };

const names = (rows: readonly Row[]): string[] =>
  rows.map((row) => (row.kind === "folder" ? `${row.name}/` : row.name));

const LIST = [
  experiment("b", { active_runs: 5, last_activity: 50 }),
  experiment("a10"),
  experiment("a9", { active_runs: 1, last_activity: 70, tags: [{ key: "team", value: "Red" }] }),
  experiment("vision/resnet/one", { active_runs: 2, running_runs: 1, last_activity: 10 }),
  experiment("vision/resnet/two", { active_runs: 3, last_activity: 90 }),
  experiment("vision/vit"),
  experiment("gone", { lifecycle_stage: "deleted" }),
];

test("folders come first, then experiments, numbers in names by their size", () => {
  expect(names(listRows(LIST, QUERY))).toEqual(["vision/", "a9", "a10", "b"]);
  expect(names(listRows(LIST, { ...QUERY, folder: "vision" }))).toEqual(["resnet/", "vit"]);
  expect(names(listRows(LIST, { ...QUERY, folder: "vision/resnet" }))).toEqual(["one", "two"]);
  expect(names(listRows(LIST, { ...QUERY, isFlat: true }))).not.toContain("gone");
});

test("a folder sums up what is below it", () => {
  expect(listRows(LIST, QUERY)[0]).toMatchObject({ experiments: 3, runs: 5, running: 1, lastActivity: 90 });
});

test("a search lists what it finds without folders, by name, tag or id", () => {
  expect(names(listRows(LIST, { ...QUERY, words: "RESNET tw" }))).toEqual(["vision/resnet/two"]);
  expect(names(listRows(LIST, { ...QUERY, words: "team:red" }))).toEqual(["a9"]);
  expect(names(listRows(LIST, { ...QUERY, words: "one", folder: "vision" }))).toEqual(["resnet/one"]);
});

test("without activity comes last, whichever way the order goes", () => {
  const flat = { ...QUERY, isFlat: true };
  expect(names(listRows(LIST, { ...flat, sort: "-activity" })).slice(0, 3)).toEqual(["vision/resnet/two", "a9", "b"]);
  expect(names(listRows(LIST, { ...flat, sort: "activity" })).at(-1)).toBe("vision/vit");
  expect(names(listRows(LIST, { ...flat, sort: "-runs" }))[0]).toBe("b");
});

test("slashes at the ends and beside each other", () => {
  const odd = ["/Users/me/x", "end/", "a//b/c", "/"].map((name) => experiment(name));
  expect(names(listRows(odd, QUERY)).sort()).toEqual(["/", "/Users/", "a/", "end/"]);
  expect(names(listRows(odd, { ...QUERY, folder: "/Users" }))).toEqual(["me/"]);
  expect(names(listRows(odd, { ...QUERY, folder: "a" }))).toEqual(["/b/"]);
  expect(foldersTo("/Users/me")).toEqual([
    { path: "/Users", name: "/Users" },
    { path: "/Users/me", name: "me" },
  ]);
  expect(foldersTo("a//b").map(({ path }) => path)).toEqual(["a", "a//b"]);
  expect(hasFolders([experiment("end/"), experiment("/start")])).toBe(false);
});

test("a description's first line", () => {
  const tags = [{ key: "mlflow.note.content", value: "\nFirst.\nSecond." }];
  expect(noteLine(experiment("x", { tags }))).toBe("First.");
});
