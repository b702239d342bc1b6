import * as z from "zod/mini";
import { optional } from "../search-fields.ts";

/** The state of the list of registered models that its address holds. */
export const modelsSearch = z.object({
  q: optional(z.string()),
});

/** The state of a registered model's page that its address holds. */
export const registeredModelSearch = z.object({
  versions: optional(z.array(z.string())),
});
