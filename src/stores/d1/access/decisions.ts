import { GRANT_LEVELS } from "../../../domain/access.ts";
import type { UserIdentity } from "../../../domain/principal.ts";
import { grantedLevel, typeOfRegisteredModel } from "./levels.ts";

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

/** By grants or the default; an admin manages everything. */
const held = (...granted: readonly string[]) =>
  `iif(u.is_admin, ${GRANT_LEVELS.MANAGE}, coalesce(${granted.join(", ")}, ?4))`;
/** Denied where the caller's credentials are of other experiments. */
const within = (id: string, level: string) =>
  `iif(?5 IS NULL OR ${id} IN (SELECT CAST(value AS INTEGER) FROM json_each(?5)), ${level}, ${GRANT_LEVELS.DENY})`;

const granted = (id: string) => grantedLevel("u.user_id", "'experiment'", id);
const onExperiment = (id: string) => within(id, held(granted(id)));
const onChild = (type: string, id: string) => within(id, held(grantedLevel("u.user_id", type), granted(id)));
/** Of no experiment. */
const onModel = (id: string) =>
  `iif(?5 IS NULL, ${held(grantedLevel("u.user_id", typeOfRegisteredModel(id), id))}, ${GRANT_LEVELS.DENY})`;

/** The level on the one thing that a query finds, and no row where it finds none. */
const found = (level: string, from: string) => `(SELECT ${level} FROM ${from})`;

const LEVEL = `CASE ${ITEM.kind}
  WHEN 'experiment' THEN ${found(onExperiment("e.experiment_id"), `experiments e WHERE e.experiment_id = CAST(${ITEM.id} AS INTEGER)`)}
  WHEN 'experimentName' THEN coalesce(${found(onExperiment("e.experiment_id"), `experiments e WHERE e.name = ${ITEM.id}`)}, 'free')
  WHEN 'run' THEN ${found(onChild("'run'", "r.experiment_id"), `runs r WHERE r.run_id = ${ITEM.id}`)}
  WHEN 'loggedModel' THEN ${found(onChild("'logged_model'", "l.experiment_id"), `logged_models l WHERE l.model_id = ${ITEM.id}`)}
  WHEN 'registeredModel' THEN ${found(onModel("m.registered_model_id"), `registered_models m WHERE m.name = ${ITEM.id}`)}
  WHEN 'child' THEN ${found(onChild(ITEM.more, "e.experiment_id"), `experiments e WHERE e.experiment_id = CAST(${ITEM.id} AS INTEGER)`)}
END`;

const DECIDE = `SELECT u.is_admin, ${LEVEL} AS level FROM users u LEFT JOIN json_each(?3) j ON TRUE
  WHERE u.user_id = ?1 AND u.stamp = coalesce(?2, u.stamp)
    AND (?6 IS NULL OR EXISTS (SELECT 1 FROM sign_ins s WHERE s.sign_in_id = ?6 AND s.user_id = ?1)) ORDER BY j.key`;

/** A user, and the sign-in of the browser that calls, where one does. */
export interface CallingUser extends UserIdentity {
  readonly signInId?: number | undefined;
}

/**
 * What a user may do, in one statement.
 * @param experimentIds the only ones that the caller's credentials are of; undefined for no such limit
 * @returns undefined where the user is gone, has another password since, or was signed out.
 */
export async function decide(
  db: D1Database,
  { userId, stamp, signInId }: CallingUser,
  things: readonly GrantedThing[],
  defaultLevel: number,
  experimentIds?: readonly string[],
): Promise<Decision | undefined> {
  const { results } = await db
    .prepare(DECIDE)
    .bind(
      userId,
      stamp ?? null,
      JSON.stringify(things.map(toItem)),
      defaultLevel,
      experimentIds === undefined ? null : JSON.stringify(experimentIds),
      signInId ?? null,
    )
    .all<{ is_admin: number; level: number | "free" | null }>();
  const [first] = results;
  if (first === undefined) return undefined;
  const levels = things.length === 0 ? [] : results.map(({ level }) => raised(level, defaultLevel));
  return { isAdmin: first.is_admin === 1, levels };
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
