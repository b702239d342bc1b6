import * as z from "zod/mini";

/** A field of an address that may be missing. A wrong value counts as missing, so that no address is an error. */
export function optional<Schema extends z.ZodMiniType>(schema: Schema) {
  return z.catch(z.optional(schema), undefined);
}
