import { GRANT_LEVELS } from "../../../domain/access.ts";
import { servedLocation } from "../../../domain/artifact-location.ts";
import { isNewRunId } from "../../../domain/ids.ts";
import type { UserIdentity } from "../../../domain/principal.ts";
import { grantedLevel, typeOfRegisteredModel } from "./levels.ts";
import { type StoredToken, type TokenRow, toToken } from "./tokens.ts";
import { type Credentials, toCredentials, type UserRow } from "./users.ts";

/** A thing that grants apply to, identified as the request names it. */
export type GrantedThing =
  | { readonly kind: "experiment"; readonly experimentId: string }
  | { readonly kind: "experimentName"; readonly name: string }
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "loggedModel"; readonly modelId: string }
  | { readonly kind: "registeredModel"; readonly name: string }
  | { readonly kind: "artifact"; readonly objectKey: string }
  /** A thing that is about to be made: only a DENY on everything of the kind is a grant on it. */
  | { readonly kind: "newExperiment" | "newRegisteredModel" | "newPrompt" }
  /** All runs, or all logged models, of an experiment. */
  | { readonly kind: "runsOf" | "loggedModelsOf"; readonly experimentId: string };

/** Who a user is, and what the user may do at present. */
export interface Decision {
  readonly isAdmin: boolean;
  /**
   * The user's level on each of the requested things; null if there is no such thing, "free" for an experiment name that is
   * not taken.
   */
  readonly levels: readonly (number | "free" | null)[];
}

/** SQL: the parts of a thing of the question, a row of `json_each` under the alias `j`. */
export const ITEM = {
  kind: "(j.value ->> 0)",
  id: "(j.value ->> 1)",
};

/** SQL: the level on the one thing that a query finds; no row if it finds none. */
export const found = (level: string, from: string) => `(SELECT ${level} FROM ${from})`;

/** SQL: the level by the first of the grants that there is, or by the default, ?4. An admin manages everything. */
export const heldLevel = (isAdmin: string, ...granted: readonly string[]) =>
  `iif(${isAdmin}, ${GRANT_LEVELS.MANAGE}, coalesce(${granted.join(", ")}, ?4))`;

/** SQL: the level on a run or logged model: by the grants on all of its kind, else as on its experiment, which must be readable. */
export const heldOnChild = (isAdmin: string, onKind: string, onExperiment: string) =>
  `iif(${isAdmin} OR coalesce(${onExperiment}, ?4) >= ${GRANT_LEVELS.READ}, ${heldLevel(isAdmin, onKind, onExperiment)}, ${GRANT_LEVELS.DENY})`;

/**
 * SQL: a user's level on one thing. ?4 is the default.
 * @param only SQL for a JSON list of the experiments that the caller's credentials are limited to; NULL for no limit
 */
function levelSql(only: string): string {
  const held = (...granted: readonly string[]) => heldLevel("u.is_admin", ...granted);
  const within = (id: string, level: string) =>
    only === "NULL"
      ? level
      : `iif(${only} IS NULL OR ${id} IN (SELECT CAST(value AS INTEGER) FROM json_each(${only})), ${level}, ${GRANT_LEVELS.DENY})`;
  const granted = (id: string) => grantedLevel("u.user_id", "'experiment'", id);
  const onExperiment = (id: string) => within(id, held(granted(id)));
  const onChild = (type: string, id: string) =>
    within(id, heldOnChild("u.is_admin", grantedLevel("u.user_id", type), granted(id)));
  /** A new thing would be outside the experiments that the credentials are limited to. */
  const onNew = (type: string) =>
    `iif(${only} IS NULL AND (u.is_admin OR coalesce(${grantedLevel("u.user_id", type)}, 0) >= 0), ${GRANT_LEVELS.MANAGE}, ${GRANT_LEVELS.DENY})`;
  /** For things that belong to no experiment. */
  const onModel = (id: string) =>
    `iif(${only} IS NULL, ${held(grantedLevel("u.user_id", typeOfRegisteredModel(id), id))}, ${GRANT_LEVELS.DENY})`;
  return `CASE ${ITEM.kind}
  WHEN 'experiment' THEN ${found(onExperiment("e.experiment_id"), `experiments e WHERE e.experiment_id = CAST(${ITEM.id} AS INTEGER)`)}
  WHEN 'experimentName' THEN coalesce(${found(onExperiment("e.experiment_id"), `experiments e WHERE e.name = ${ITEM.id}`)}, 'free')
  WHEN 'run' THEN ${found(onChild("'run'", "r.experiment_id"), `runs r WHERE r.run_id = ${ITEM.id}`)}
  WHEN 'loggedModel' THEN ${found(onChild("'logged_model'", "l.experiment_id"), `logged_models l WHERE l.model_id = ${ITEM.id}`)}
  WHEN 'registeredModel' THEN ${found(onModel("m.registered_model_id"), `registered_models m WHERE m.name = ${ITEM.id}`)}
  WHEN 'newExperiment' THEN ${onNew("'experiment'")}
  WHEN 'newRegisteredModel' THEN ${onNew("'registered_model'")}
  WHEN 'newPrompt' THEN ${onNew("'prompt'")}
  WHEN 'runsOf' THEN ${found(onChild("'run'", "e.experiment_id"), `experiments e WHERE e.experiment_id = CAST(${ITEM.id} AS INTEGER)`)}
  WHEN 'loggedModelsOf' THEN ${found(onChild("'logged_model'", "e.experiment_id"), `experiments e WHERE e.experiment_id = CAST(${ITEM.id} AS INTEGER)`)}
  WHEN 'artifact' THEN coalesce(
    ${found(onChild("'run'", "r.experiment_id"), `json_each(${ITEM.id}) p CROSS JOIN runs r ON p.value ->> 1 <> 'logged_model' AND r.run_id = p.value ->> 2 AND r.artifact_uri = p.value ->> 3 LIMIT 1`)},
    ${found(onChild("'logged_model'", "l.experiment_id"), `json_each(${ITEM.id}) p CROSS JOIN logged_models l ON p.value ->> 1 = 'logged_model' AND l.model_id = p.value ->> 2 AND l.artifact_uri = p.value ->> 3 LIMIT 1`)},
    ${found(onChild("(p.value ->> 1)", "e.experiment_id"), `json_each(${ITEM.id}) p CROSS JOIN experiments e ON e.artifact_location = p.value ->> 0 ORDER BY p.key DESC LIMIT 1`)})
END AS level`;
}

/** ?3 are the things. Each user found has a row for each thing, or one row if there are no things. */
const BY_USER = `SELECT u.is_admin, ${levelSql("NULL")} FROM users u LEFT JOIN json_each(?3) j ON TRUE
  WHERE u.user_id = ?1 AND u.stamp = ?2
    AND (?5 IS NULL OR EXISTS (SELECT 1 FROM sign_ins s WHERE s.sign_in_id = ?5 AND s.user_id = ?1)) ORDER BY j.key`;
const BY_NAME = `SELECT u.*, ${levelSql("NULL")} FROM users u LEFT JOIN json_each(?3) j ON TRUE
  WHERE u.username IN (SELECT value FROM json_each(?1)) ORDER BY u.user_id, j.key`;
const BY_TOKEN = `SELECT t.*, u.username, u.is_admin, ${levelSql("t.experiment_ids")}
  FROM api_tokens t JOIN users u ON u.user_id = t.user_id LEFT JOIN json_each(?3) j ON TRUE
  WHERE t.token_id = ?1 ORDER BY j.key`;

/** A user, and the sign-in of the calling browser, if a browser calls. */
export interface CallingUser extends UserIdentity {
  readonly signInId?: number | undefined;
}

/** The things asked about, and the default level for things without a grant. */
export interface Question {
  readonly things: readonly GrantedThing[];
  readonly defaultLevel: number;
}

export interface DecisionRow {
  readonly is_admin: number;
  readonly level: number | "free" | null;
}

/**
 * What a user may do. Each function here uses a single statement.
 * @returns undefined if the user was deleted, has changed the password since, or was signed out.
 */
export async function decideForUser(
  db: D1Database,
  { userId, stamp, signInId }: CallingUser,
  question: Question,
): Promise<Decision | undefined> {
  const rows = await ask<DecisionRow>(db, BY_USER, [userId, stamp ?? null], question, signInId ?? null);
  return rows.length === 0 ? undefined : toDecision(rows, question);
}

/** What the users with these names may do, and the data to check their passwords. Unknown names are left out. */
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

/** What a token's user may do with the token. @returns undefined if there is no such token */
export async function decideForToken(
  db: D1Database,
  tokenId: string,
  question: Question,
): Promise<{ readonly token: StoredToken; readonly decision: Decision } | undefined> {
  const rows = await ask<DecisionRow & TokenRow>(db, BY_TOKEN, [tokenId, null], question);
  const [first] = rows;
  return first === undefined ? undefined : { token: toToken(first), decision: toDecision(rows, question) };
}

/** Asks one statement about the things of a question. @param who the values of ?1 and ?2; ?3 are the things */
export async function ask<Row>(
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

export function toDecision(rows: readonly DecisionRow[], { things, defaultLevel }: Question): Decision {
  const levels = things.length === 0 ? [] : rows.map(({ level }) => raised(level, defaultLevel));
  return { isAdmin: rows[0]?.is_admin === 1, levels };
}

/** Raises a positive grant to at least the default permission. */
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
    case "loggedModelsOf":
      return isInteger(thing.experimentId) ? [thing.kind, thing.experimentId] : NOTHING;
    case "artifact":
      return artifactItem(thing.objectKey);
    case "newExperiment":
    case "newRegisteredModel":
    case "newPrompt":
      return [thing.kind, ""];
  }
}

/**
 * An artifact belongs to the experiment whose location contains it; the location contains the folders of the experiment's
 * runs and logged models. The files of a run or model belong to its experiment of today: after a move, the files are still
 * below the folder of the old one, whose readers may no longer see them. A key outside all of these is the admin's alone.
 *
 * The item lists the places where a location may end, each with the kind, id and root of the run or model below.
 */
function artifactItem(objectKey: string): readonly string[] {
  const folders = objectKey.split("/");
  const places = folders.map((_, i) => {
    const location = folders.slice(0, i + 1);
    const [below = "", modelId = ""] = folders.slice(i + 1);
    const rootOf = (...path: string[]) => servedLocation([...location, ...path, "artifacts"].join("/"));
    const place = servedLocation(location.join("/"));
    if (below === "models") return [place, "logged_model", modelId, rootOf(below, modelId)];
    // Imported runs may have other ids. Without a run of the id, such a folder is like any other.
    return [place, isNewRunId(below) ? "run" : "", below, rootOf(below)];
  });
  return ["artifact", JSON.stringify(places)];
}

/** Whether the text is an integer in the form of ids; `01` and `+1` are not. */
function isInteger(text: string): boolean {
  return /^(0|[1-9]\d{0,18})$/.test(text);
}
