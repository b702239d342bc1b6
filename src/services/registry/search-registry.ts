import type { ModelVersion, RegisteredModel } from "../../domain/entities.ts";
import {
  planModelVersionSearch,
  planRegisteredModelSearch,
  type RegistrySearchQuery,
} from "../../search/registry-plan.ts";
import { type ItemPage, readItemPage } from "../../stores/d1/connection/items.ts";
import { MODEL_VERSIONS } from "../../stores/d1/registry/model-version-records.ts";
import { REGISTERED_MODELS } from "../../stores/d1/registry/registered-models.ts";
import type { ServiceContext } from "../context.ts";

export type RegistrySearch = Omit<RegistrySearchQuery, "visibility">;

export async function searchRegisteredModels(
  ctx: ServiceContext,
  search: RegistrySearch,
): Promise<ItemPage<RegisteredModel>> {
  const plan = planRegisteredModelSearch({ ...search, visibility: ctx.visibility });
  return await readItemPage(ctx.db, plan, REGISTERED_MODELS);
}

/** One page of model versions. Unlike in MLflow, the versions include their aliases. */
export async function searchModelVersions(
  ctx: ServiceContext,
  search: RegistrySearch,
): Promise<ItemPage<ModelVersion>> {
  const plan = planModelVersionSearch({ ...search, visibility: ctx.visibility });
  return await readItemPage(ctx.db, plan, MODEL_VERSIONS);
}
