import { ANY } from "../../../domain/access.ts";
import { IS_PROMPT_TAG } from "../../../domain/prompts.ts";

/*
 * MLflow's rules of permissions, as SQL: of a user's grants on one thing and on every thing of its kind, a DENY wins, else
 * the highest. A grant on a child kind (runs, logged models) decides in place of the grants on the experiment. Without any
 * grant the default permission holds, and no positive grant is below it.
 */

/**
 * SQL for a user's level by grants alone; NULL without any. All are SQL expressions.
 * @param id a row id, which D1 may have bound as a double; absent for what there are grants by `*` only of.
 */
export function grantedLevel(user: string, type: string, id?: string): string {
  const patterns = id === undefined ? `= '${ANY}'` : `IN (CAST(CAST(${id} AS INTEGER) AS TEXT), '${ANY}')`;
  return `(SELECT CASE WHEN min(g.level) < 0 THEN -1 ELSE max(g.level) END
    FROM user_roles ur CROSS JOIN role_permissions g ON g.role_id = ur.role_id
    WHERE ur.user_id = ${user} AND g.resource_type = ${type} AND g.resource_pattern ${patterns})`;
}

/** SQL for the kind of grants on a registered model, by its row id. */
export function typeOfRegisteredModel(id: string): string {
  return `iif(EXISTS (SELECT 1 FROM registered_model_tags pt WHERE pt.registered_model_id = ${id}
    AND pt.key = '${IS_PROMPT_TAG}' AND lower(pt.value) = 'true'), 'prompt', 'registered_model')`;
}
