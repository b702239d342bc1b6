import { ANY } from "../../../domain/access.ts";
import { IS_PROMPT_TAG } from "../../../domain/prompts.ts";

/*
 * MLflow's permission rules, as SQL. Among a user's grants on one thing and on every thing of its kind, a DENY wins,
 * otherwise the highest grant. A grant on a child kind (runs, logged models) replaces the grants on the experiment. Without
 * any grant the default permission applies, and a positive grant counts as at least the default.
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

/** SQL for the kind of grants that apply to a registered model, by its row id. */
export function typeOfRegisteredModel(id: string): string {
  return `iif(EXISTS (SELECT 1 FROM registered_model_tags pt WHERE pt.registered_model_id = ${id}
    AND pt.key = '${IS_PROMPT_TAG}' AND lower(pt.value) = 'true'), 'prompt', 'registered_model')`;
}
