import { findNamedThings, type NamedThings } from "../stores/d1/named-things.ts";
import type { ServiceContext } from "./context.ts";

/** Readers look at no more results than this. */
const MAX_EACH = 8;

/** Things with this text in their name, or with this id: up to 8 experiments, 8 runs and 8 models. */
export async function findThings(ctx: ServiceContext, text: string): Promise<NamedThings> {
  const wanted = text.trim();
  if (wanted === "") return { experiments: [], runs: [], models: [] };
  return await findNamedThings(ctx.db, wanted, MAX_EACH, ctx.visibility);
}
