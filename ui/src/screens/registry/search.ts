import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";
import { artifactSearch } from "../artifacts/search.ts";

/** The state of the list of registered models that its address holds. */
export const modelsSearch = z.object({
  q: optional(z.string()),
  /** A column, with `-` before it the other way round: `name`, `-updated`. */
  sort: optional(z.enum(["name", "-name", "updated", "-updated"])),
});

/** The state of a registered model's page that its address holds. */
export const registeredModelSearch = z.object({
  /** Two or more are compared. */
  versions: optional(z.array(z.coerce.string())),
});

/** The state of the list of an experiment's logged models that its address holds. */
export const loggedModelsSearch = z.object({
  q: optional(z.string()),
});

/** The state of a logged model's page that its address holds. */
export const loggedModelSearch = z.object({
  tab: optional(z.enum(["overview", "artifacts"])),
  ...artifactSearch,
});

export type LoggedModelState = z.infer<typeof loggedModelSearch>;
