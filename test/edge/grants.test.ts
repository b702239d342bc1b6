import { beforeAll, expect, test } from "vitest";
import { type Cost, Isolate } from "./edge.ts";

/* What a thousand grants cost a search, in round trips and in rows that D1 reads, beside the same search of an admin. */

const SETTINGS = {
  TRACKFLARE_ADMIN_PASSWORD: "the admin's own secret",
  TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS",
} as unknown as Partial<Env>;
const ADMIN = { Authorization: `Basic ${btoa("admin:the admin's own secret")}` };
const GRANTS = 1000;

let isolate: Isolate;
let user: Record<string, string>;
let experimentIds: string[];

beforeAll(async () => {
  isolate = await Isolate.start(SETTINGS);
  const username = `user-${crypto.randomUUID()}`;
  await isolate.api("POST", "users/create", { username, password: "correct horse battery" }, ADMIN);
  const made = await isolate.call(
    "POST",
    "/api/2.0/trackflare/tokens/create",
    { username, name: "t", scopes: ["read", "write"] },
    ADMIN,
  );
  user = { Authorization: `Bearer ${(made.answer as { secret: string }).secret}` };
  experimentIds = [];
  for (let index = 0; index < GRANTS; index++) {
    const { answer } = await isolate.api("POST", "experiments/create", { name: crypto.randomUUID() }, user);
    const { experiment_id } = answer as { experiment_id: string };
    experimentIds.push(experiment_id);
    if (index % 10 === 0) await isolate.api("POST", "runs/create", { experiment_id }, user);
  }
}, 300_000);

/** Round trips to D1, and rows that it read, in all. */
function toD1({ trips }: Cost) {
  const of = trips.filter(({ to }) => to === "d1");
  return {
    trips: new Set(of.map(({ round }) => round)).size,
    rows: of.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
  };
}

/** Rows of a user's search beyond an admin's, in each of its two statements: one for the rows, one for where it goes on. */
const MORE_ROWS = {
  /** The grants of the user, read once: each is a row of an index and one of the table. */
  many: 2 * GRANTS + 50,
  /** For each experiment: the user's role, the grants on it and on all, and the row of the list. */
  few: 4,
};

test.each([
  ["all of them", () => experimentIds, MORE_ROWS.many],
  ["a hundred of them", () => experimentIds.slice(0, 100), 100 * MORE_ROWS.few + 10],
  ["one of them", () => experimentIds.slice(0, 1), MORE_ROWS.few + 10],
])("a warm search over %s has the round trips of an admin's, and few more rows", async (_, ids, moreRows) => {
  const search = async (by: Record<string, string>) =>
    toD1(await isolate.api("POST", "runs/search", { experiment_ids: ids(), max_results: 50 }, by));
  await search(ADMIN);
  await search(user);
  const [asAdmin, asUser] = [await search(ADMIN), await search(user)];
  expect(asUser.trips).toBe(asAdmin.trips);
  expect(asUser.rows - asAdmin.rows).toBeLessThanOrEqual(2 * moreRows);
});

test("a list of the experiments reads the user's grants once a statement", async () => {
  const list = async (by: Record<string, string>) =>
    toD1(await isolate.call("GET", "/ui-api/experiments", undefined, by));
  await list(ADMIN);
  await list(user);
  const [asAdmin, asUser] = [await list(ADMIN), await list(user)];
  // An admin's list may be read near the reader, with one more call; a user's is read at the primary.
  expect(asUser.trips).toBeLessThanOrEqual(asAdmin.trips);
  expect(asUser.rows - asAdmin.rows).toBeLessThanOrEqual(4 * MORE_ROWS.many);
});

test("a new isolate asks once more", async () => {
  const other = await Isolate.start(SETTINGS);
  const search = async (by: Record<string, string>) =>
    toD1(await other.api("POST", "runs/search", { experiment_ids: experimentIds, max_results: 50 }, by));
  await search(ADMIN);
  const asAdmin = await search(ADMIN);
  expect((await search(user)).trips).toBe(asAdmin.trips + 1);
  expect((await search(user)).trips).toBe(asAdmin.trips);
});
