import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { TRUSTED_MS } from "../../src/services/access/memory.ts";
import { type Cost, Isolate } from "./edge.ts";

/*
 * What credentials cost in round trips, and for how long an isolate relies on an earlier answer of the database. Each isolate
 * of these tests has its own memory, as on the edge.
 */

const SETTINGS = { TRACKFLARE_ADMIN_PASSWORD: "the admin's own secret" } as unknown as Partial<Env>;
const PASSWORD = "correct horse battery";

const basic = (username: string, password: string) => ({ Authorization: `Basic ${btoa(`${username}:${password}`)}` });
const ADMIN = basic("admin", "the admin's own secret");

let office: Isolate;

beforeAll(async () => {
  office = await Isolate.start(SETTINGS);
});

afterEach(() => {
  vi.restoreAllMocks();
});

interface User {
  readonly username: string;
  readonly token: { readonly Authorization: string };
  readonly tokenId: string;
  readonly password: { readonly Authorization: string };
  readonly experimentId: string;
  readonly runId: string;
}

/** A user with an experiment, a run that logs to its object, and a token. */
async function newUser(): Promise<User> {
  const username = `user-${crypto.randomUUID()}`;
  await office.api("POST", "users/create", { username, password: PASSWORD }, ADMIN);
  const made = await office.call(
    "POST",
    "/api/2.0/trackflare/tokens/create",
    { username, name: "t", scopes: ["read", "write"] },
    ADMIN,
  );
  const { secret, token } = made.answer as { secret: string; token: { token_id: string } };
  const bearer = { Authorization: `Bearer ${secret}` };
  const experiment = await office.api("POST", "experiments/create", { name: crypto.randomUUID() }, bearer);
  const { experiment_id } = experiment.answer as { experiment_id: string };
  const created = await office.api("POST", "runs/create", { experiment_id }, bearer);
  const { run } = created.answer as { run: { info: { run_id: string } } };
  const user = {
    username,
    token: bearer,
    tokenId: token.token_id,
    experimentId: experiment_id,
    runId: run.info.run_id,
  };
  return { ...user, password: basic(username, PASSWORD) };
}

/** A call that writes to D1 once. */
const tag = (isolate: Isolate, { runId }: Pick<User, "runId">, by: Record<string, string>, status = 200) =>
  isolate.api("POST", "runs/set-tag", { run_id: runId, key: "k", value: "v" }, by, status);

/** The number of sequential round trips to D1, and the number of all calls. An object that a test has reset is called twice. */
const toD1 = ({ trips }: Cost) => {
  const rounds = trips.filter(({ to }) => to === "d1").map(({ round }) => round);
  return [new Set(rounds).size, rounds.length];
};

describe("round trips", () => {
  test.each(["token", "password"] as const)("a %s costs one in a new isolate, and none in a warm one", async (way) => {
    const user = await newUser();
    const isolate = await Isolate.start(SETTINGS);
    await isolate.api("GET", "experiments/get", { experiment_id: "0" }, ADMIN);
    expect(toD1(await tag(isolate, user, ADMIN))).toEqual([1, 1]);
    expect(toD1(await tag(isolate, user, user[way]))).toEqual([2, 2]);
    for (let i = 0; i < 3; i++) expect(toD1(await tag(isolate, user, user[way]))).toEqual([1, 1]);
    const search = (by: Record<string, string>) =>
      isolate.api("POST", "runs/search", { experiment_ids: [user.experimentId] }, by);
    await search(ADMIN);
    const [asAdmin = 0] = toD1(await search(ADMIN));
    expect(toD1(await search(user[way]))[0]).toBe(asAdmin + 1);
    expect(toD1(await search(user[way]))[0]).toBe(asAdmin);
    expect(toD1(await isolate.api("POST", "experiments/search", { max_results: 5 }, user[way]))).toEqual([1, 1]);
  });

  test.each([
    ["runs/create", {}],
    ["logged-models", { name: "m" }],
  ])("a warm isolate knows who may make one by %s", async (path, more) => {
    const user = await newUser();
    const isolate = await Isolate.start(SETTINGS);
    const make = () => isolate.api("POST", path, { experiment_id: user.experimentId, ...more }, user.token);
    await make();
    expect(toD1(await make())[0]).toBe(1);
  });

  test("who goes on calling never waits: what is old is asked for beside the answer", async () => {
    const user = await newUser();
    const isolate = await Isolate.start(SETTINGS);
    await tag(isolate, user, user.token);
    const start = Date.now();
    for (let i = 1; i < 6; i++) {
      vi.spyOn(Date, "now").mockReturnValue(start + i * TRUSTED_MS * 0.6);
      expect(toD1(await tag(isolate, user, user.token))).toEqual([1, 2]);
      expect(toD1(await tag(isolate, user, user.token))).toEqual([1, 1]);
    }
  });
});

describe("in an isolate that another one's change has not reached", () => {
  const changes: [what: string, change: (user: User) => Promise<unknown>, way: "token" | "password", status: number][] =
    [
      [
        "a revoked token",
        ({ tokenId }) => office.call("POST", "/api/2.0/trackflare/tokens/revoke", { token_id: tokenId }, ADMIN),
        "token",
        401,
      ],
      [
        "a rotated token",
        ({ tokenId }) =>
          office.call("POST", "/api/2.0/trackflare/tokens/rotate", { token_id: tokenId, overlap_seconds: 0 }, ADMIN),
        "token",
        401,
      ],
      [
        "another password",
        ({ username }) =>
          office.api("PATCH", "users/update-password", { username, password: "another long password" }, ADMIN),
        "password",
        401,
      ],
      [
        "a right that was taken",
        async ({ username, experimentId }) => {
          const grant = { username, resource_type: "experiment", resource_id: experimentId };
          await office.call("POST", "/api/3.0/mlflow/users/permissions/revoke", grant, ADMIN);
        },
        "token",
        403,
      ],
    ];

  test.each(changes)("%s counts at once for what cannot be taken back", async (_what, change, way, status) => {
    const user = await newUser();
    const isolate = await Isolate.start(SETTINGS);
    await tag(isolate, user, user[way]);
    await change(user);
    await tag(isolate, user, user[way]);
    await isolate.api("POST", "runs/delete", { run_id: user.runId }, user[way], status);
    const other = await Isolate.start(SETTINGS);
    await tag(other, user, user[way], status);
  });

  test.each(changes)("%s counts after 10 seconds for all else", async (_what, change, way, status) => {
    const user = await newUser();
    const isolate = await Isolate.start(SETTINGS);
    const start = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(start);
    await tag(isolate, user, user[way]);
    await change(user);
    vi.spyOn(Date, "now").mockReturnValue(start + TRUSTED_MS - 1);
    await tag(isolate, user, user[way]);
    vi.spyOn(Date, "now").mockReturnValue(start + TRUSTED_MS);
    await tag(isolate, user, user[way], status);
  });

  test("a right that was given counts at once", async () => {
    const [user, other] = [await newUser(), await newUser()];
    const isolate = await Isolate.start(SETTINGS);
    await tag(isolate, other, user.token, 403);
    const grant = {
      username: user.username,
      resource_type: "experiment",
      resource_id: other.experimentId,
      permission: "EDIT",
    };
    await office.call("POST", "/api/3.0/mlflow/users/permissions/grant", grant, ADMIN);
    await tag(isolate, other, user.token);
  });

  test("a name is asked for each time: it may be another thing's", async () => {
    const user = await newUser();
    const name = `model ${crypto.randomUUID()}`;
    await office.api("POST", "registered-models/create", { name }, user.token);
    const isolate = await Isolate.start({
      ...SETTINGS,
      TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS",
    } as Partial<Env>);
    const get = (expected: number) => isolate.api("GET", "registered-models/get", { name }, user.token, expected);
    await get(200);
    await office.api("POST", "registered-models/rename", { name, new_name: `${name} 2` }, ADMIN);
    await office.api("POST", "registered-models/create", { name }, ADMIN);
    await get(403);
  });
});

describe("in the isolate that makes a change it counts with the next request", () => {
  test("a lost right, a revoked token, a deleted user", async () => {
    const user = await newUser();
    const log = (expected: number) => tag(office, user, user.token, expected);
    await log(200);
    const grant = { username: user.username, resource_type: "experiment", resource_id: user.experimentId };
    await office.call("POST", "/api/3.0/mlflow/users/permissions/revoke", grant, ADMIN);
    await log(403);
    await office.call("POST", "/api/3.0/mlflow/users/permissions/grant", { ...grant, permission: "EDIT" }, ADMIN);
    await log(200);
    await office.call("POST", "/api/2.0/trackflare/tokens/revoke", { token_id: user.tokenId }, ADMIN);
    await log(401);
  });
});
