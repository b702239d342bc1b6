import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { findToken, replaceTokenSecret } from "../../src/stores/d1/access/tokens.ts";
import { expectMlflowError, fetchWorker, type Message } from "../helpers/mlflow.ts";
import { closedServer, PASSWORD } from "../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;

const tokens = (verb: string) => `/api/2.0/trackflare/tokens/${verb}`;
const mlflow = (path: string) => `/api/2.0/mlflow/${path}`;
const bearer = (secret: string) => server.by(`Bearer ${secret}`);
const ALL = ["read", "write", "artifacts", "admin"];

interface Made {
  readonly secret: string;
  readonly token: Message & { readonly token_id: string };
}

async function userWithExperiments(): Promise<{ username: string; own: string; other: string }> {
  const username = await server.newUser();
  const made = await Promise.all(
    [1, 2].map(() =>
      server
        .as(username)
        .ask<{ experiment_id: string }>("POST", mlflow("experiments/create"), { name: crypto.randomUUID() }),
    ),
  );
  return { username, own: made[0]!.experiment_id, other: made[1]!.experiment_id };
}

describe("a token", () => {
  test("opens as Bearer and as the password of any name, and is told once", async () => {
    const username = await server.newUser();
    const { secret, token } = await server.as(username).ask<Made>("POST", tokens("create"), {
      name: "nightly",
      scopes: ["read", "write"],
      expires_in_seconds: 3600,
    });
    expect(secret).toMatch(/^tf_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(token).toMatchObject({ name: "nightly", username, scopes: ["read", "write"] });
    for (const caller of [bearer(secret), server.as(username, secret), server.as("token", secret)]) {
      const { user } = await caller.ask<{ user: Message }>("GET", mlflow("users/current"));
      expect(user).toMatchObject({ username, is_admin: false });
    }
    const listed = await server.as(username).ask<{ tokens: Message[] }>("GET", tokens("list"));
    expect(listed.tokens).toEqual([{ ...token, last_used_time: expect.any(Number) }]);
    expect(JSON.stringify(listed)).not.toContain(secret.slice(16, 40));
    const again = server.as(username).send("POST", tokens("create"), { name: "nightly", scopes: ["read"] });
    await expectMlflowError(again, "RESOURCE_ALREADY_EXISTS");
  });

  test("lies in the database as a hash alone", async () => {
    const { secret } = await server.newToken(await server.newUser());
    const { results } = await env.DB.prepare("SELECT * FROM api_tokens").all();
    expect(JSON.stringify(results)).not.toContain(secret.slice(16));
    expect(JSON.stringify(results)).not.toContain(secret.slice(16, 59));
  });

  test("that is wrong, mistyped, revoked, or its user's no more, opens nothing", async () => {
    const username = await server.newUser();
    const { secret, token_id } = await server.newToken(username);
    const other = await server.newToken(username);
    const mixed = secret.slice(0, 16) + other.secret.slice(16);
    for (const wrong of [mixed, `${secret}x`, secret.slice(0, -1), secret.toLowerCase(), "tf_", ""]) {
      await expectMlflowError(bearer(wrong).send("GET", mlflow("users/current")), "UNAUTHENTICATED");
      await expectMlflowError(server.as(username, wrong).send("GET", mlflow("users/current")), "UNAUTHENTICATED");
    }
    await bearer(secret).ask("GET", mlflow("users/current"));
    await server.as(username).ask("POST", tokens("revoke"), { token_id });
    await expectMlflowError(bearer(secret).send("GET", mlflow("users/current")), "UNAUTHENTICATED");
    await bearer(other.secret).ask("GET", mlflow("users/current"));
    await admin.ask("DELETE", mlflow("users/delete"), { username });
    await expectMlflowError(bearer(other.secret).send("GET", mlflow("users/current")), "UNAUTHENTICATED");
  });

  test("outlives its user's password", async () => {
    const username = await server.newUser();
    const { secret } = await server.newToken(username);
    await admin.ask("PATCH", mlflow("users/update-password"), { username, password: "another long password" });
    await bearer(secret).ask("GET", mlflow("users/current"));
  });

  test("that has expired says so", async () => {
    const { secret } = await server.newToken(await server.newUser(), { name: "short", expires_in_seconds: 1 });
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 1000);
    const message = await expectMlflowError(bearer(secret).send("GET", mlflow("users/current")), "UNAUTHENTICATED");
    clock.mockRestore();
    expect(message).toContain("'short' has expired");
  });

  test("that was rotated opens with both secrets until the overlap ends, and an older secret at once no more", async () => {
    const username = await server.newUser();
    const first = await server.newToken(username);
    const rotate = async (message: Message) =>
      (await server.as(username).ask<Made>("POST", tokens("rotate"), { token_id: first.token_id, ...message })).secret;
    const second = await rotate({ overlap_seconds: 60 });
    for (const secret of [first.secret, second]) await bearer(secret).ask("GET", mlflow("users/current"));
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 60_000);
    await expectMlflowError(bearer(first.secret).send("GET", mlflow("users/current")), "UNAUTHENTICATED");
    await bearer(second).ask("GET", mlflow("users/current"));
    clock.mockRestore();
    const third = await rotate({ overlap_seconds: 60 });
    await expectMlflowError(bearer(first.secret).send("GET", mlflow("users/current")), "UNAUTHENTICATED");
    for (const secret of [second, third]) await bearer(secret).ask("GET", mlflow("users/current"));
    const fourth = await rotate({ overlap_seconds: 0 });
    await expectMlflowError(bearer(third).send("GET", mlflow("users/current")), "UNAUTHENTICATED");
    await bearer(fourth).ask("GET", mlflow("users/current"));
  });

  test("that gets a longer life with its new secret leaves the old secret no longer one", async () => {
    const username = await server.newUser();
    const { token_id } = await server.newToken(username, { expires_in_seconds: 100 });
    const before = (await findToken(env.DB, token_id))!;
    const message = { token_id, overlap_seconds: 1000, expires_in_seconds: 5000 };
    await server.as(username).ask("POST", tokens("rotate"), message);
    const after = (await findToken(env.DB, token_id))!;
    expect(after.previousUntilMs).toBe(before.expirationTimeMs);
    expect(after.expirationTimeMs).toBeGreaterThan(before.expirationTimeMs!);
  });

  test("that two callers rotate at once gets one new secret", async () => {
    const { token_id } = await server.newToken(await server.newUser());
    const before = (await findToken(env.DB, token_id))!;
    const rotate = (secretHash: string) =>
      replaceTokenSecret(env.DB, before, { secretHash, previousUntilMs: 1, expirationTimeMs: undefined });
    expect([await rotate("first"), await rotate("second")]).toEqual([true, false]);
    expect(await findToken(env.DB, token_id)).toMatchObject({ secretHash: "first", previousHash: before.secretHash });
  });

  test("notes that it is used once in a quarter of an hour", async () => {
    const username = await server.newUser();
    const { secret, token_id } = await server.newToken(username);
    const used = async () =>
      (await env.DB.prepare("SELECT last_used_time FROM api_tokens WHERE token_id = ?")
        .bind(token_id)
        .first<number>("last_used_time")) ?? 0;
    const at = async (ms: number) => {
      const clock = vi.spyOn(Date, "now").mockReturnValue(ms);
      await bearer(secret).ask("GET", mlflow("users/current"));
      clock.mockRestore();
      return await used();
    };
    const start = 2_000_000_000_000;
    expect(await at(start)).toBe(start);
    expect(await at(start + 14 * 60_000)).toBe(start);
    expect(await at(start + 16 * 60_000)).toBe(start + 16 * 60_000);
  });
});

describe("scopes", () => {
  const calls = (
    experiment: string,
    run: string,
  ): [needs: string[], method: "GET" | "POST" | "PUT", path: string, message: Message][] => [
    [["read"], "GET", mlflow("experiments/get"), { experiment_id: experiment }],
    [["read"], "POST", mlflow("runs/search"), { experiment_ids: [experiment] }],
    [["read"], "GET", mlflow("artifacts/list"), { run_id: run }],
    [["write"], "POST", mlflow("runs/log-metric"), { run_id: run, key: "m", value: 1, timestamp: 1 }],
    [["write"], "POST", mlflow("experiments/create"), { name: crypto.randomUUID() }],
    [["write", "artifacts"], "PUT", `/api/2.0/mlflow-artifacts/artifacts/${experiment}/${run}/artifacts/a.txt`, {}],
    [["read", "artifacts"], "GET", "/get-artifact", { run_id: run, path: "a.txt" }],
    [["read", "artifacts"], "GET", `/api/2.0/mlflow-artifacts/artifacts/${experiment}/${run}/artifacts/a.txt`, {}],
    [["admin"], "GET", tokens("list"), {}],
    [
      ["admin"],
      "POST",
      "/api/3.0/mlflow/users/permissions/grant",
      { username: "nobody", resource_type: "experiment", resource_id: experiment, permission: "READ" },
    ],
  ];

  test.each([
    [["read"]],
    [["write"]],
    [["artifacts"]],
    [["admin"]],
    [["read", "artifacts"]],
    [["write", "artifacts"]],
    [ALL],
  ])("%j open what needs no other, whoever the owner is", async (scopes) => {
    const { username, own } = await userWithExperiments();
    for (const isAdmin of [false, true]) {
      await admin.ask("PATCH", mlflow("users/update-admin"), { username, is_admin: isAdmin });
      const { run } = await server
        .as(username)
        .ask<{ run: { info: { run_id: string } } }>("POST", mlflow("runs/create"), { experiment_id: own });
      const { run_id } = run.info;
      await server.as(username).send("PUT", `/api/2.0/mlflow-artifacts/artifacts/${own}/${run_id}/artifacts/a.txt`);
      const { secret } = await server.newToken(username, { scopes });
      for (const [needs, method, path, message] of calls(own, run_id)) {
        const response = await bearer(secret).send(method, path, message);
        const mayDo = needs.every((scope) => scopes.includes(scope));
        expect(response.status === 403, `${scopes} ${method} ${path} ${await response.text()}`).toBe(!mayDo);
      }
    }
  });

  test("an admin's token without admin is no admin's, and reads all that the admin may", async () => {
    const username = await server.newUser();
    const { own } = await userWithExperiments();
    await admin.ask("PATCH", mlflow("users/update-admin"), { username, is_admin: true });
    const { secret } = await server.newToken(username, { scopes: ["read", "write"] });
    await bearer(secret).ask("GET", mlflow("experiments/get"), { experiment_id: own });
    const { user } = await bearer(secret).ask<{ user: Message }>("GET", mlflow("users/current"));
    expect(user).toMatchObject({ is_admin: false });
    const create = { name: crypto.randomUUID(), artifact_location: "s3://bucket/folder" };
    await expectMlflowError(bearer(secret).send("POST", mlflow("experiments/create"), create), "PERMISSION_DENIED");
    await expectMlflowError(bearer(secret).send("GET", mlflow("users/list")), "PERMISSION_DENIED");
    await expectMlflowError(
      bearer(secret).send("GET", mlflow("runs/get"), { run_id: "0".repeat(32) }),
      "RESOURCE_DOES_NOT_EXIST",
    );
  });

  test("a token makes and rotates none of more scopes", async () => {
    const username = await server.newUser();
    const { secret } = await server.newToken(username, { scopes: ["read", "admin"] });
    const own = bearer(secret);
    await own.ask("POST", tokens("create"), { name: "narrower", scopes: ["read"] });
    const wider = own.send("POST", tokens("create"), { name: "wider", scopes: ["read", "write"] });
    await expectMlflowError(wider, "PERMISSION_DENIED");
    const { token_id } = await server.newToken(username);
    await expectMlflowError(own.send("POST", tokens("rotate"), { token_id }), "PERMISSION_DENIED");
  });
});

describe("a token of some experiments", () => {
  test.each([false, true])("opens them and nothing else; its user is an admin: %s", async (isAdmin) => {
    const { username, own, other } = await userWithExperiments();
    const name = `model ${crypto.randomUUID()}`;
    await server.as(username).ask("POST", mlflow("registered-models/create"), { name });
    await admin.ask("PATCH", mlflow("users/update-admin"), { username, is_admin: isAdmin });
    const caller = bearer((await server.newToken(username, { experiment_ids: [own] })).secret);
    await caller.ask("GET", mlflow("experiments/get"), { experiment_id: own });
    const { run } = await caller.ask<{ run: { info: { run_id: string } } }>("POST", mlflow("runs/create"), {
      experiment_id: own,
    });
    const hidden = await server
      .as(username)
      .ask<{ run: { info: { run_id: string } } }>("POST", mlflow("runs/create"), { experiment_id: other });
    const search = { experiment_ids: [own, other] };
    const { runs } = await caller.ask<{ runs: { info: { run_id: string } }[] }>("POST", mlflow("runs/search"), search);
    expect(runs.map(({ info }) => info.run_id)).toEqual([run.info.run_id]);
    const found = await caller.ask<{ experiments: Message[] }>("POST", mlflow("experiments/search"), {
      max_results: 9,
    });
    expect(found.experiments).toMatchObject([{ experiment_id: own }]);
    expect(await caller.ask("GET", mlflow("registered-models/search"))).toEqual({});
    for (const [method, path, message] of [
      ["GET", "experiments/get", { experiment_id: other }],
      ["GET", "runs/get", { run_id: hidden.run.info.run_id }],
      ["POST", "runs/set-tag", { run_id: hidden.run.info.run_id, key: "k", value: "v" }],
      ["POST", "experiments/create", { name: crypto.randomUUID() }],
      ["POST", "registered-models/create", { name: crypto.randomUUID() }],
      ["GET", "registered-models/get", { name }],
    ] as const) {
      await expectMlflowError(caller.send(method, mlflow(path), message), "PERMISSION_DENIED");
    }
  });
});

describe("whose tokens", () => {
  test("users see, rotate and revoke their own; an admin everybody's", async () => {
    const [username, other] = [await server.newUser(), await server.newUser()];
    const { token_id } = await server.newToken(username);
    await expectMlflowError(server.as(other).send("GET", tokens("list"), { username }), "PERMISSION_DENIED");
    const foreign = { username, name: "foreign", scopes: ["read"] };
    await expectMlflowError(server.as(other).send("POST", tokens("create"), foreign), "PERMISSION_DENIED");
    for (const verb of ["rotate", "revoke"]) {
      for (const id of [token_id, "unknown"]) {
        await expectMlflowError(
          server.as(other).send("POST", tokens(verb), { token_id: id }),
          "RESOURCE_DOES_NOT_EXIST",
        );
      }
    }
    expect(await server.as(other).ask("GET", tokens("list"))).toEqual({ tokens: [] });
    const { tokens: all } = await admin.ask<{ tokens: Message[] }>("GET", tokens("list"));
    expect(all).toEqual(expect.arrayContaining([expect.objectContaining({ token_id, username })]));
    await admin.ask("POST", tokens("revoke"), { token_id });
    expect(await admin.ask("GET", tokens("list"), { username })).toEqual({ tokens: [] });
  });

  test("the admin of the settings names a user", async () => {
    await expectMlflowError(
      admin.send("POST", tokens("create"), { name: "t", scopes: ["read"] }),
      "INVALID_PARAMETER_VALUE",
    );
    const unknown = admin.send("POST", tokens("create"), { username: "nobody", name: "t", scopes: ["read"] });
    await expectMlflowError(unknown, "RESOURCE_DOES_NOT_EXIST");
  });

  test("no more than 200 a user", async () => {
    const username = await server.newUser();
    await env.DB.prepare(
      `INSERT INTO api_tokens (token_id, user_id, name, secret_hash, scopes, creation_time)
       SELECT 'id' || value || ?1, user_id, value, 'h', 'read', 0 FROM users
       JOIN json_each(?2) WHERE username = ?1`,
    )
      .bind(username, JSON.stringify(Array.from({ length: 200 }, (_, i) => i)))
      .run();
    const more = server.as(username).send("POST", tokens("create"), { name: "one more", scopes: ["read"] });
    await expectMlflowError(more, "INVALID_PARAMETER_VALUE");
  });
});

test.each([
  ["no scope", { scopes: [] }],
  ["an unknown scope", { scopes: ["root"] }],
  ["no name", { name: "" }],
  ["a name of 101 characters", { name: "n".repeat(101) }],
  ["a name with a line break", { name: "a\nb" }],
  ["no time", { expires_in_seconds: 0 }],
  ["a time before now", { expires_in_seconds: -1 }],
  ["a text for an experiment", { experiment_ids: ["01"] }],
  ["admin of one experiment", { scopes: ["read", "admin"], experiment_ids: ["1"] }],
])("%s is refused, and nothing is made", async (_what, message) => {
  const username = await server.newUser();
  const made = server.as(username).send("POST", tokens("create"), { name: "t", scopes: ["read"], ...message });
  await expectMlflowError(made, "INVALID_PARAMETER_VALUE");
  expect(await server.as(username).ask("GET", tokens("list"))).toEqual({ tokens: [] });
});

test("a server that is open stays so, whatever is sent", async () => {
  const { secret } = await server.newToken(await server.newUser());
  const target = `${mlflow("experiments/get")}?experiment_id=0`;
  expect((await fetchWorker(target, { headers: { Authorization: `Bearer ${secret}` } })).status).toBe(200);
  expect((await fetchWorker(target, { headers: { Authorization: `Basic ${btoa(`x:${PASSWORD}`)}` } })).status).toBe(
    200,
  );
});
