import { GRANT_LEVELS, type Grant } from "../../../domain/access.ts";
import type { Principal } from "../../../domain/principal.ts";
import type { Binder } from "../../../search/binder.ts";
import { EVERYTHING, type Predicate, type Visibility } from "../../../search/visibility.ts";
import { grantedLevel, typeOfRegisteredModel } from "./levels.ts";

/**
 * What a caller may read, or do what needs another `level` to: what the user's grants allow, limited to the experiments of
 * the credentials.
 */
export function visibilityOf(
  principal: Principal,
  seesEverything: boolean,
  defaultLevel: number,
  level: Grant = "READ",
): Visibility {
  const whole =
    seesEverything || principal.user === undefined ? EVERYTHING : byGrants(principal.user.userId, defaultLevel, level);
  const experimentIds = principal.narrowing?.experimentIds;
  return experimentIds === undefined ? whole : ofExperiments(whole, experimentIds);
}

function byGrants(userId: number, defaultLevel: number, level: Grant): Visibility {
  const reaches = (levels: readonly string[], binder: Binder) =>
    `coalesce(${[...levels, binder.bind(defaultLevel)].join(", ")}) >= ${GRANT_LEVELS[level]}`;
  const onExperiment = (id: string, binder: Binder) => grantedLevel(binder.bind(userId), "'experiment'", id);
  const onChild = (type: "run" | "logged_model") => (id: string, binder: Binder) =>
    reaches([grantedLevel(binder.bind(userId), `'${type}'`), onExperiment(id, binder)], binder);
  return {
    name: level === "READ" ? `user ${userId}` : `user ${userId} ${level}`,
    experiment: (id, binder) => reaches([onExperiment(id, binder)], binder),
    runsOf: onChild("run"),
    loggedModelsOf: onChild("logged_model"),
    registeredModel: (id, binder) =>
      reaches([grantedLevel(binder.bind(userId), typeOfRegisteredModel(id), id)], binder),
  };
}

/** Limits a visibility to these experiments. Registered models belong to no experiment. */
function ofExperiments(whole: Visibility, experimentIds: readonly string[]): Visibility {
  const ids = JSON.stringify(experimentIds);
  const narrowed =
    (visible: Predicate | undefined): Predicate =>
    (id, binder) => {
      const isOne = `${id} IN (SELECT CAST(value AS INTEGER) FROM json_each(${binder.bind(ids)}))`;
      return visible === undefined ? isOne : `(${isOne} AND ${visible(id, binder)})`;
    };
  return {
    name: `${whole.name} in ${ids}`,
    experiment: narrowed(whole.experiment),
    runsOf: narrowed(whole.runsOf),
    loggedModelsOf: narrowed(whole.loggedModelsOf),
    registeredModel: () => "FALSE",
  };
}
