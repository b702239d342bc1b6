import { findNamedThings, type NamedThings } from "../stores/d1/named-things.ts";
import type { ServiceContext } from "./context.ts";

/** As many as a reader looks at. */
const MAX_EACH = 8;

/** What of the server has this text in its name, or is named by this id: up to 8 experiments, runs and models each. */
export async function findThings(ctx: ServiceContext, text: string): Promise<NamedThings> {
  const wanted = text.trim();
  if (wanted === "") return { experiments: [], runs: [], models: [] };
  return await findNamedThings(ctx.db, wanted, MAX_EACH, ctx.visibility);
}
