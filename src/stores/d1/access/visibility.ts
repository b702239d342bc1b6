import { GRANT_LEVELS, type Grant } from "../../../domain/access.ts";
import type { LinkIdentity, Principal } from "../../../domain/principal.ts";
import type { Binder } from "../../../search/binder.ts";
import { EVERYTHING, type Predicate, type Visibility } from "../../../search/visibility.ts";
import { grantedLevel, isAmongGranted, isPromptSql, neededGrant, typeOfRegisteredModel } from "./levels.ts";

/**
 * What a caller may read; with `level`, what the caller may use at that level. The user's grants decide. The experiments of
 * the credentials limit them.
 */
export function visibilityOf(
  principal: Principal,
  seesEverything: boolean,
  defaultLevel: number,
  level: Grant = "READ",
): Visibility {
  if (principal.link !== undefined) return level === "READ" ? ofLink(principal.link, defaultLevel) : NOTHING;
  const whole =
    seesEverything || principal.user === undefined ? EVERYTHING : byGrants(principal.user.userId, defaultLevel, level);
  const experimentIds = principal.narrowing?.experimentIds;
  return experimentIds === undefined ? whole : ofExperiments(whole, experimentIds);
}

const nothing: Predicate = () => "FALSE";
const everything: Predicate = () => "TRUE";

const NOTHING: Visibility = {
  name: "nothing",
  experiment: nothing,
  runsOf: nothing,
  loggedModelsOf: nothing,
  registeredModel: nothing,
};

/** What a link shows and its maker may read. Searches find only the active experiments and runs of it. */
function ofLink({ linkId, reach, makerId }: LinkIdentity, defaultLevel: number): Visibility {
  const whole = makerId === undefined ? EVERYTHING : byGrants(makerId, defaultLevel, "READ");
  const name = `link ${linkId}`;
  const isActive: Predicate = (id) =>
    `EXISTS (SELECT 1 FROM runs lr WHERE lr.run_id = ${id} AND lr.lifecycle_stage = 'active')`;
  switch (reach.kind) {
    case "experiments":
      return { ...ofExperiments(whole, reach.experimentIds), name, run: isActive };
    case "runs": {
      const runIds = JSON.stringify(reach.runIds);
      const isOne: Predicate = (id, binder) =>
        `(${id} IN (SELECT value FROM json_each(${binder.bind(runIds)})) AND ${isActive(id, binder)})`;
      return { ...NOTHING, name, runsOf: whole.runsOf ?? everything, run: isOne };
    }
    case "file":
      return { ...NOTHING, name };
  }
}

function byGrants(userId: number, defaultLevel: number, level: Grant): Visibility {
  const neededFor = (one: Grant) => neededGrant(GRANT_LEVELS[one], defaultLevel);
  const needed = neededFor(level);
  const reaches = (granted: string, binder: Binder, least = needed) =>
    `coalesce(${granted}, ${binder.bind(defaultLevel)}) >= ${least}`;
  const among = (type: string, id: string, binder: Binder, least = needed) =>
    isAmongGranted(binder.bind(userId), type, id, { needed: least, defaultLevel: binder.bind(defaultLevel) });
  const onExperiment =
    (least: number): Predicate =>
    (id, binder, tested) =>
      tested === "many"
        ? among("'experiment'", id, binder, least)
        : reaches(grantedLevel(binder.bind(userId), "'experiment'", id), binder, least);
  const experiment = onExperiment(needed);
  const isReadable = onExperiment(neededFor("READ"));
  // A grant on all runs or all logged models decides in place of the grants on the experiment, which must be readable.
  const onChild =
    (type: "run" | "logged_model"): Predicate =>
    (id, binder, tested) => {
      const onKind = `${grantedLevel(binder.bind(userId), `'${type}'`)} >= ${needed}`;
      const otherwise = level === "READ" ? "TRUE" : experiment(id, binder, tested);
      return `(${isReadable(id, binder, tested)} AND coalesce(${onKind}, ${otherwise}))`;
    };
  return {
    name: level === "READ" ? `user ${userId}` : `user ${userId} ${level}`,
    experiment,
    runsOf: onChild("run"),
    loggedModelsOf: onChild("logged_model"),
    registeredModel: (id, binder, tested) =>
      tested === "many"
        ? `iif(${isPromptSql(id)}, ${among("'prompt'", id, binder)}, ${among("'registered_model'", id, binder)})`
        : reaches(grantedLevel(binder.bind(userId), typeOfRegisteredModel(id), id), binder),
  };
}

/** Limits a visibility to these experiments. Registered models belong to no experiment. */
function ofExperiments(whole: Visibility, experimentIds: readonly string[]): Visibility {
  const ids = JSON.stringify(experimentIds);
  const narrowed =
    (visible: Predicate | undefined): Predicate =>
    (id, binder, tested) => {
      const isOne = `${id} IN (SELECT CAST(value AS INTEGER) FROM json_each(${binder.bind(ids)}))`;
      return visible === undefined ? isOne : `(${isOne} AND ${visible(id, binder, tested)})`;
    };
  return {
    name: `${whole.name} in ${ids}`,
    experiment: narrowed(whole.experiment),
    runsOf: narrowed(whole.runsOf),
    loggedModelsOf: narrowed(whole.loggedModelsOf),
    registeredModel: nothing,
  };
}
