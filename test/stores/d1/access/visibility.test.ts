import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { DEFAULT_LEVELS, type DefaultPermission, GRANT_LEVELS, type Grant } from "../../../../src/domain/access.ts";
import { Binder } from "../../../../src/search/binder.ts";
import type { Predicate, Tested, Visibility } from "../../../../src/search/visibility.ts";
import { decideForUser, type GrantedThing } from "../../../../src/stores/d1/access/decisions.ts";
import { insertUser } from "../../../../src/stores/d1/access/users.ts";
import { visibilityOf } from "../../../../src/stores/d1/access/visibility.ts";
import { migrate } from "../../../../src/stores/d1/connection/migrate.ts";
import { Random } from "../../../faults/random.ts";
import { mlflow, newExperiment } from "../../../helpers/mlflow.ts";

/*
 * The decision on one thing, the condition of a statement that tests a few ids, and the condition of one that tests many
 * are three texts of SQL. With random grants they must say the same.
 */

const THINGS = 6;
const USERS = 60;

interface Model {
  readonly id: number;
  readonly name: string;
}

let experimentIds: string[];
let models: Model[];

beforeAll(async () => {
  await migrate(env.DB);
  experimentIds = [];
  models = [];
  for (let index = 0; index < THINGS; index++) {
    experimentIds.push(await newExperiment());
    const name = `model ${crypto.randomUUID()}`;
    const tags = index % 2 === 0 ? [] : [{ key: "mlflow.prompt.is_prompt", value: "true" }];
    await mlflow("registered-models/create", { name, tags });
    const row = await env.DB.prepare("SELECT registered_model_id AS id FROM registered_models WHERE name = ?")
      .bind(name)
      .first<{ id: number }>();
    models.push({ id: row!.id, name });
  }
}, 120_000);

/** A user with random grants of the user's own and by a role. */
async function newUser(random: Random): Promise<number> {
  const username = crypto.randomUUID();
  await insertUser(env.DB, { username, passwordHash: "none", nowMs: 1 });
  const user = await env.DB.prepare("SELECT user_id FROM users WHERE username = ?")
    .bind(username)
    .first<{ user_id: number }>();
  const { user_id } = user!;
  const role = await env.DB.prepare("INSERT INTO roles (name) VALUES (?) RETURNING role_id")
    .bind(`role ${username}`)
    .first<{ role_id: number }>();
  await env.DB.prepare("INSERT INTO user_roles (user_id, role_id) VALUES (?, ?)").bind(user_id, role!.role_id).run();
  const { results } = await env.DB.prepare("SELECT role_id FROM user_roles WHERE user_id = ?")
    .bind(user_id)
    .all<{ role_id: number }>();
  const insert = env.DB.prepare(
    "INSERT INTO role_permissions (role_id, resource_type, resource_pattern, level) VALUES (?, ?, ?, ?)",
  );
  const statements = results.flatMap(({ role_id }) => {
    const grant = (type: string, pattern: string, chance: number) =>
      random.chance(chance)
        ? [insert.bind(role_id, type, pattern, GRANT_LEVELS[random.pick(Object.keys(GRANT_LEVELS) as Grant[])])]
        : [];
    return [
      ...experimentIds.flatMap((id) => grant("experiment", id, 0.3)),
      ...models.flatMap(({ id }) => grant(random.pick(["registered_model", "prompt"]), String(id), 0.4)),
      ...["experiment", "registered_model", "prompt", "run", "logged_model"].flatMap((type) => grant(type, "*", 0.15)),
    ];
  });
  if (statements.length > 0) await env.DB.batch(statements);
  return user_id;
}

async function allowed(predicate: Predicate, ids: readonly (string | number)[], tested: Tested): Promise<string[]> {
  const binder = new Binder();
  const list = binder.list(ids.map(Number));
  const isAllowed = predicate("j.value", binder, tested);
  const sql = `SELECT CAST(j.value AS TEXT) AS id FROM ${list} j WHERE ${isAllowed} ORDER BY j.key`;
  const { results } = await env.DB.prepare(sql)
    .bind(...binder.values())
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

test("one thing, a few and many are decided alike, whatever the grants", async () => {
  const random = new Random(20);
  const seen = { allowed: 0, refused: 0 };
  for (let count = 0; count < USERS; count++) {
    const userId = await newUser(random);
    const user = await env.DB.prepare("SELECT stamp FROM users WHERE user_id = ?")
      .bind(userId)
      .first<{ stamp: number }>();
    const identity = { userId, stamp: user!.stamp };
    for (const permission of Object.keys(DEFAULT_LEVELS) as DefaultPermission[]) {
      const defaultLevel = DEFAULT_LEVELS[permission];
      const level = random.pick(["READ", "EDIT", "MANAGE"] as const);
      const visibility = visibilityOf({ username: "", isAdmin: false, user: identity }, false, defaultLevel, level);
      const kinds: [keyof Visibility, readonly (string | number)[], (id: string | number) => GrantedThing][] = [
        ["experiment", experimentIds, (id) => ({ kind: "experiment", experimentId: String(id) })],
        ["runsOf", experimentIds, (id) => ({ kind: "runsOf", experimentId: String(id) })],
        ["loggedModelsOf", experimentIds, (id) => ({ kind: "loggedModelsOf", experimentId: String(id) })],
        [
          "registeredModel",
          models.map(({ id }) => id),
          (id) => ({ kind: "registeredModel", name: models.find((model) => model.id === id)!.name }),
        ],
      ];
      for (const [kind, ids, thingOf] of kinds) {
        const decision = await decideForUser(env.DB, identity, { things: ids.map(thingOf), defaultLevel });
        const expected = ids.filter((_, index) => Number(decision!.levels[index]) >= GRANT_LEVELS[level]).map(String);
        const predicate = visibility[kind] as Predicate;
        const about = `${kind} of user ${userId}, default ${permission}, ${level}`;
        expect(await allowed(predicate, ids, "few"), about).toEqual(expected);
        expect(await allowed(predicate, ids, "many"), about).toEqual(expected);
        seen.allowed += expected.length;
        seen.refused += ids.length - expected.length;
      }
    }
  }
  // Both answers are common enough to mean something.
  expect(Math.min(seen.allowed, seen.refused)).toBeGreaterThan(1000);
}, 240_000);
