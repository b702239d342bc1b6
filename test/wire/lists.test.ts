import { expect, test } from "vitest";
import type { Trashed } from "../../src/domain/trash.ts";
import { linkToWire } from "../../src/wire/link.ts";
import { listToPieces } from "../../src/wire/page.ts";
import { jsonStream, ndjsonStream } from "../../src/wire/respond.ts";
import { sharedFolder, sharedPath } from "../../src/wire/shared-path.ts";
import { byKind, eachKind, trashedToWire } from "../../src/wire/trash.ts";

async function* slicesOf(...slices: number[][]) {
  yield* slices;
}

async function textOf(pieces: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

test("a list has a piece for each slice that is not empty", async () => {
  const list = (...slices: number[][]) => textOf(listToPieces("items", slicesOf(...slices), (item) => String(item)));
  expect(await list([1, 2], [], [3])).toEqual(['{"items":[1,2', ",3", "]}"]);
  expect(await list([], [])).toEqual(['{"items":[]}']);
  expect(await list()).toEqual(['{"items":[]}']);
});

test("lines of JSON have their own type, and an empty answer says its length", async () => {
  async function* lines(...texts: string[]) {
    yield* texts;
  }
  const two = await ndjsonStream(lines("{}\n", "[]\n"));
  expect(two.headers.get("Content-Type")).toBe("application/x-ndjson");
  expect(two.headers.get("Content-Length")).toBeNull();
  expect(await two.text()).toBe("{}\n[]\n");
  const none = await ndjsonStream(lines());
  expect(none.headers.get("Content-Length")).toBe("0");
  expect((await jsonStream(lines("{}"))).headers.get("Content-Type")).toBe("application/json");
});

const THING: Trashed = {
  kind: "run",
  id: "a",
  name: "swift",
  experimentId: "7",
  artifactUri: "",
  isDeleted: true,
  deletedTimeMs: 5,
  runs: 2,
  loggedModels: 3,
  activeRuns: 0,
};

test("things in the trash have the fields of their kinds, and a known time of deletion", () => {
  expect(trashedToWire(THING)).toEqual({ run_id: "a", run_name: "swift", experiment_id: "7", deleted_time: 5 });
  expect(trashedToWire({ ...THING, deletedTimeMs: 0 })).toEqual({ run_id: "a", run_name: "swift", experiment_id: "7" });
  expect(trashedToWire({ ...THING, kind: "logged_model" })).toEqual({
    model_id: "a",
    name: "swift",
    experiment_id: "7",
    deleted_time: 5,
  });
  expect(trashedToWire({ ...THING, kind: "experiment" })).toEqual({
    experiment_id: "a",
    name: "swift",
    run_count: 2,
    logged_model_count: 3,
    deleted_time: 5,
  });
});

test("lists of the trash have a field for each kind", () => {
  const things = [THING, { ...THING, id: "b" }, { ...THING, kind: "experiment" as const, id: "7" }];
  expect(
    byKind(
      things,
      (thing) => thing,
      ({ id }) => ({ id }),
    ),
  ).toEqual({
    runs: [{ id: "a" }, { id: "b" }],
    experiments: [{ id: "7" }],
    logged_models: [],
  });
  expect(eachKind({ run: 1, logged_model: 2, experiment: 3 })).toEqual({ runs: 1, logged_models: 2, experiments: 3 });
});

test("a link has everything but its secret", () => {
  const link = {
    linkId: "k",
    userId: 1,
    username: "ada",
    name: "review",
    reach: { kind: "runs" as const, runIds: ["a"] },
    address: "/x",
    creationTimeMs: 1,
    expirationTimeMs: 2,
    lastUsedTimeMs: 3,
  };
  expect(linkToWire(link)).toEqual({
    link_id: "k",
    username: "ada",
    name: "review",
    kind: "runs",
    run_ids: ["a"],
    address: "/x",
    creation_time: 1,
    expiration_time: 2,
    last_used_time: 3,
  });
});

test("a path below a link's folder is cut there, but for the route that opens the link", () => {
  const folder = "/shared/k3J9xQ0aB7Zt";
  const below = (path: string) => sharedPath(path)?.below;
  expect(sharedPath(`${folder}/api/2.0/x`)).toEqual({ linkId: "k3J9xQ0aB7Zt", folder, below: "/api/2.0/x" });
  expect(below(`${folder}/`)).toBe("/");
  expect(below(`${folder}/open/x`)).toBe("/open/x");
  expect(below(`${folder}/opened`)).toBe("/opened");
  for (const path of [
    folder,
    `${folder}/open`,
    `${folder}//open`,
    `/x${folder}/a`,
    "/shared/short/a",
    `${folder}x/a`,
  ]) {
    expect(sharedPath(path), path).toBeUndefined();
  }
  expect([folder, `${folder}/`, `${folder}/open`, `${folder}x`, `/x${folder}`, "/"].map(sharedFolder)).toEqual([
    folder,
    folder,
    folder,
    "",
    "",
    "",
  ]);
});
