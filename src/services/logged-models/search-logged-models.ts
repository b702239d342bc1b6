import type { LoggedModel } from "../../domain/logged-model.ts";
import { type LoggedModelSearchQuery, planLoggedModelSearch } from "../../search/logged-model-plan.ts";
import { type ItemPage, readItemPage } from "../../stores/d1/connection/items.ts";
import { LOGGED_MODELS } from "../../stores/d1/logged-models/logged-models.ts";
import type { ServiceContext } from "../context.ts";

/** One page of models, without deleted ones. */
export async function searchLoggedModels(
  ctx: ServiceContext,
  search: Omit<LoggedModelSearchQuery, "visibility">,
): Promise<ItemPage<LoggedModel>> {
  const plan = planLoggedModelSearch({ ...search, visibility: ctx.visibility });
  return await readItemPage(ctx.db, plan, LOGGED_MODELS);
}
