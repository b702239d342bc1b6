import { GRANT_LEVELS } from "../../../domain/access.ts";
import type { UserIdentity } from "../../../domain/principal.ts";
import type { Binder } from "../../../search/binder.ts";
import type { Visibility } from "../../../search/visibility.ts";
import { grantedLevel, typeOfRegisteredModel } from "./levels.ts";

/** What a user may read. */
export function visibilityOf({ userId }: UserIdentity, defaultLevel: number): Visibility {
  const isReadable = (levels: readonly string[], binder: Binder) =>
    `coalesce(${[...levels, binder.bind(defaultLevel)].join(", ")}) >= ${GRANT_LEVELS.READ}`;
  const onExperiment = (id: string, binder: Binder) => grantedLevel(binder.bind(userId), "'experiment'", id);
  const onChild = (type: "run" | "logged_model") => (id: string, binder: Binder) =>
    isReadable([grantedLevel(binder.bind(userId), `'${type}'`), onExperiment(id, binder)], binder);
  return {
    name: `user ${userId}`,
    experiment: (id, binder) => isReadable([onExperiment(id, binder)], binder),
    runsOf: onChild("run"),
    loggedModelsOf: onChild("logged_model"),
    registeredModel: (id, binder) =>
      isReadable([grantedLevel(binder.bind(userId), typeOfRegisteredModel(id), id)], binder),
  };
}
