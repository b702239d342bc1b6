import { GRANT_LEVELS } from "../../../domain/access.ts";
import type { UserIdentity } from "../../../domain/principal.ts";
import { grantedLevel, typeOfRegisteredModel } from "./levels.ts";
import { type StoredToken, type TokenRow, toToken } from "./tokens.ts";
import { type Credentials, toCredentials, type UserRow } from "./users.ts";

/** A thing that grants are about, by what a request calls it. */
export type GrantedThing =
  | { readonly kind: "experiment"; readonly experimentId: string }
  | { readonly kind: "experimentName"; readonly name: string }
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "loggedModel"; readonly modelId: string }
  | { readonly kind: "registeredModel"; readonly name: string }
  | { readonly kind: "artifact"; readonly objectKey: string }
  /** All runs of an experiment. */
  | { readonly kind: "runsOf"; readonly experimentId: string };

/** What a user is and may do by now. */
export interface Decision {
  readonly isAdmin: boolean;
  /**
   * The user's level on each of the things that were asked for; null where there is no such thing, "free" for the name of
   * an experiment that nobody has.
   */
  readonly levels: readonly (number | "free" | null)[];
}

const ITEM = { kind: "(j.value ->> 0)", id: "(j.value ->> 1)", more: "(j.value ->> 2)" };

/** The level on the one thing that a query finds, and no row where it finds none. */
const found = (level: string, from: string) => `(SELECT ${level} FROM ${from})`;

/**
 * A user's level on one thing. ?4 is the default.
 * @param only SQL for the only experiments that the caller's credentials are of, a JSON list; NULL for no such limit
 */
function levelSql(only: string): string {
  /** By grants or the default; an admin manages everything. */
  const held = (...granted: readonly string[]) =>
    `iif(u.is_admin, ${GRANT_LEVELS.MANAGE}, coalesce(${granted.join(", ")}, ?4))`;
  const within = (id: string, level: string) =>
    only === "NULL"
      ? level
      : `iif(${only} IS NULL OR ${id} IN (SELECT CAST(value AS INTEGER) FROM json_each(${only})), ${level}, ${GRANT_LEVELS.DENY})`;
  const granted = (id: string) => grantedLevel("u.user_id", "'experiment'", id);
  const onExperiment = (id: string) => within(id, held(granted(id)));
  const onChild = (type: string, id: string) => within(id, held(grantedLevel("u.user_id", type), granted(id)));
  /** Of no experiment. */
  const onModel = (id: string) =>
    `iif(${only} IS NULL, ${held(grantedLevel("u.user_id", typeOfRegisteredModel(id), id))}, ${GRANT_LEVELS.DENY})`;
  return `CASE ${ITEM.kind}
  WHEN 'experiment' THEN ${found(onExperiment("e.experiment_id"), `experiments e WHERE e.experiment_id = CAST(${ITEM.id} AS INTEGER)`)}
  WHEN 'experimentName' THEN coalesce(${found(onExperiment("e.experiment_id"), `experiments e WHERE e.name = ${ITEM.id}`)}, 'free')
  WHEN 'run' THEN ${found(onChild("'run'", "r.experiment_id"), `runs r WHERE r.run_id = ${ITEM.id}`)}
  WHEN 'loggedModel' THEN ${found(onChild("'logged_model'", "l.experiment_id"), `logged_models l WHERE l.model_id = ${ITEM.id}`)}
  WHEN 'registeredModel' THEN ${found(onModel("m.registered_model_id"), `registered_models m WHERE m.name = ${ITEM.id}`)}
  WHEN 'child' THEN ${found(onChild(ITEM.more, "e.experiment_id"), `experiments e WHERE e.experiment_id = CAST(${ITEM.id} AS INTEGER)`)}
END AS level`;
}

/** ?3 are the things. Whoever is found has a row for each, or one where there are none. */
const BY_USER = `SELECT u.is_admin, ${levelSql("NULL")} FROM users u LEFT JOIN json_each(?3) j ON TRUE
  WHERE u.user_id = ?1 AND u.stamp = ?2
    AND (?5 IS NULL OR EXISTS (SELECT 1 FROM sign_ins s WHERE s.sign_in_id = ?5 AND s.user_id = ?1)) ORDER BY j.key`;
const BY_NAME = `SELECT u.*, ${levelSql("NULL")} FROM users u LEFT JOIN json_each(?3) j ON TRUE
  WHERE u.username IN (SELECT value FROM json_each(?1)) ORDER BY u.user_id, j.key`;
const BY_TOKEN = `SELECT t.*, u.username, u.is_admin, ${levelSql("t.experiment_ids")}
  FROM api_tokens t JOIN users u ON u.user_id = t.user_id LEFT JOIN json_each(?3) j ON TRUE
  WHERE t.token_id = ?1 ORDER BY j.key`;

/** A user, and the sign-in of the browser that calls, where one does. */
export interface CallingUser extends UserIdentity {
  readonly signInId?: number | undefined;
}

/** On which things, and what holds where no grant is about one. */
export interface Question {
  readonly things: readonly GrantedThing[];
  readonly defaultLevel: number;
}

interface DecisionRow {
  readonly is_admin: number;
  readonly level: number | "free" | null;
}

/**
 * What a user may do, in one statement, as are all of these.
 * @returns undefined where the user is gone, has another password since, or was signed out.
 */
export async function decideForUser(
  db: D1Database,
  { userId, stamp, signInId }: CallingUser,
  question: Question,
): Promise<Decision | undefined> {
  const rows = await ask<DecisionRow>(db, BY_USER, [userId, stamp ?? null], question, signInId ?? null);
  return rows.length === 0 ? undefined : toDecision(rows, question);
}

/** What users of these names may do, with what their passwords are checked by. Names that nobody has are left out. */
export async function decideForNames(
  db: D1Database,
  usernames: readonly string[],
  question: Question,
): Promise<{ readonly user: Credentials; readonly decision: Decision }[]> {
  const rows = await ask<DecisionRow & UserRow>(db, BY_NAME, [JSON.stringify(usernames), null], question);
  return [...Map.groupBy(rows, (row) => row.user_id).values()].map((ofUser) => ({
    user: toCredentials(ofUser[0]!),
    decision: toDecision(ofUser, question),
  }));
}

/** What a token's user may do with it. @returns undefined where there is no such token */
export async function decideForToken(
  db: D1Database,
  tokenId: string,
  question: Question,
): Promise<{ readonly token: StoredToken; readonly decision: Decision } | undefined> {
  const rows = await ask<DecisionRow & TokenRow>(db, BY_TOKEN, [tokenId, null], question);
  const [first] = rows;
  return first === undefined ? undefined : { token: toToken(first), decision: toDecision(rows, question) };
}

async function ask<Row>(
  db: D1Database,
  sql: string,
  who: readonly unknown[],
  { things, defaultLevel }: Question,
  ...more: readonly unknown[]
): Promise<Row[]> {
  const items = JSON.stringify(things.map(toItem));
  const { results } = await db
    .prepare(sql)
    .bind(...who, items, defaultLevel, ...more)
    .all<Row>();
  return results;
}

function toDecision(rows: readonly DecisionRow[], { things, defaultLevel }: Question): Decision {
  const levels = things.length === 0 ? [] : rows.map(({ level }) => raised(level, defaultLevel));
  return { isAdmin: rows[0]?.is_admin === 1, levels };
}

/** No positive grant is below the default permission. */
function raised(level: number | "free" | null, defaultLevel: number): number | "free" | null {
  return typeof level === "number" && level >= 0 ? Math.max(level, defaultLevel) : level;
}

const NOTHING: readonly string[] = ["nothing", ""];

function toItem(thing: GrantedThing): readonly string[] {
  switch (thing.kind) {
    case "experiment":
      return isInteger(thing.experimentId) ? [thing.kind, thing.experimentId] : NOTHING;
    case "experimentName":
    case "registeredModel":
      return [thing.kind, thing.name];
    case "run":
      return [thing.kind, thing.runId];
    case "loggedModel":
      return [thing.kind, thing.modelId];
    case "runsOf":
      return isInteger(thing.experimentId) ? ["child", thing.experimentId, "run"] : NOTHING;
    case "artifact":
      return artifactItem(thing.objectKey);
  }
}

/** Below an experiment's folder are its runs' and its logged models'. A key below no experiment is nobody's but the admin's. */
function artifactItem(objectKey: string): readonly string[] {
  const [experimentId = "", folder = ""] = objectKey.split("/");
  const child = /^[0-9a-f]{32}$/.test(folder) ? "run" : folder === "models" ? "logged_model" : "";
  return isInteger(experimentId) ? ["child", experimentId, child] : NOTHING;
}

/** As ids are written; `01` and `+1` are none. */
function isInteger(text: string): boolean {
  return /^(0|[1-9]\d{0,18})$/.test(text);
}
