import { ANY } from "../../../domain/access.ts";
import { IS_PROMPT_TAG } from "../../../domain/prompts.ts";

/*
 * MLflow's permission rules, as SQL. Among a user's grants on one thing and on every thing of its kind, a DENY wins,
 * otherwise the highest grant. A grant on a child kind (runs, logged models) replaces the grants on the experiment, which
 * must be readable. Without any grant the default permission applies, and a positive grant counts as at least the default.
 */

/**
 * SQL for a user's level by grants alone; NULL without grants. All parameters are SQL expressions.
 * @param id a row id, which D1 may have bound as a double; absent for kinds that only have grants on `*`.
 */
export function grantedLevel(user: string, type: string, id?: string): string {
  const patterns = id === undefined ? `= '${ANY}'` : `IN (CAST(CAST(${id} AS INTEGER) AS TEXT), '${ANY}')`;
  return `(SELECT CASE WHEN min(g.level) < 0 THEN -1 ELSE max(g.level) END
    FROM user_roles ur CROSS JOIN role_permissions g ON g.role_id = ur.role_id
    WHERE ur.user_id = ${user} AND g.resource_type = ${type} AND g.resource_pattern ${patterns})`;
}

/**
 * SQL: whether the grants on experiments, registered models or prompts reach a level. It says the same as a comparison with
 * {@link grantedLevel}, for statements that test many ids: the user's grants of the kind are read once, not for each id.
 * @param needed the level, as {@link neededGrant} gives it
 */
export function isAmongGranted(
  user: string,
  type: string,
  id: string,
  { needed, defaultLevel }: { readonly needed: number; readonly defaultLevel: string },
): string {
  const onAll = grantedLevel(user, type);
  const patterns = (having: string) => `(SELECT g.resource_pattern
    FROM user_roles ur CROSS JOIN role_permissions g ON g.role_id = ur.role_id
    WHERE ur.user_id = ${user} AND g.resource_type = ${type} GROUP BY g.resource_pattern HAVING ${having})`;
  const pattern = `CAST(CAST(${id} AS INTEGER) AS TEXT)`;
  return `CASE WHEN ${onAll} < 0 THEN FALSE
    WHEN coalesce(${onAll}, ${defaultLevel}) >= ${needed} THEN ${pattern} NOT IN ${patterns("min(g.level) < 0")}
    ELSE ${pattern} IN ${patterns(`min(g.level) >= 0 AND max(g.level) >= ${needed}`)} END`;
}

/** The grant that reaches a level: a positive grant counts as at least the default. */
export function neededGrant(level: number, defaultLevel: number): number {
  return defaultLevel >= level ? 0 : level;
}

/** SQL for the kind of grants that apply to a registered model, by its row id. */
export function typeOfRegisteredModel(id: string): string {
  return `iif(${isPromptSql(id)}, 'prompt', 'registered_model')`;
}

/** SQL: whether a registered model, by its row id, is a prompt. */
export function isPromptSql(id: string): string {
  return `EXISTS (SELECT 1 FROM registered_model_tags pt WHERE pt.registered_model_id = ${id}
    AND pt.key = '${IS_PROMPT_TAG}' AND lower(pt.value) = 'true')`;
}
