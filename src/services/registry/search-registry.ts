import type { ModelVersion, RegisteredModel } from "../../domain/entities.ts";
import {
  planModelVersionSearch,
  planRegisteredModelSearch,
  type RegistrySearchQuery,
} from "../../search/registry-plan.ts";
import { readPage } from "../../stores/d1/connection/page.ts";
import { readModelVersions } from "../../stores/d1/registry/model-versions.ts";
import { readRegisteredModels } from "../../stores/d1/registry/registered-models.ts";
import type { ServiceContext } from "../context.ts";
import { inSlices } from "../slices.ts";

/** Read at once: a prompt version may carry texts of 100,000 characters. */
const ITEMS_PER_READ = 200;

export type RegistrySearch = Omit<RegistrySearchQuery, "visibility">;

export interface RegistryPage<T> {
  /** Slices of the page, read as they are asked for. */
  readonly slices: AsyncIterable<readonly T[]>;
  readonly nextPageToken: string | undefined;
}

export async function searchRegisteredModels(
  ctx: ServiceContext,
  search: RegistrySearch,
): Promise<RegistryPage<RegisteredModel>> {
  const plan = planRegisteredModelSearch({ ...search, visibility: ctx.visibility });
  const { ids, nextPageToken } = await readPage(ctx.db, plan);
  return { slices: inSlices(ids, ITEMS_PER_READ, (slice) => readRegisteredModels(ctx.db, slice)), nextPageToken };
}

/** Unlike upstream's, the versions have their aliases. */
export async function searchModelVersions(
  ctx: ServiceContext,
  search: RegistrySearch,
): Promise<RegistryPage<ModelVersion>> {
  const plan = planModelVersionSearch({ ...search, visibility: ctx.visibility });
  const { ids: keys, nextPageToken } = await readPage(ctx.db, plan);
  return { slices: inSlices(keys, ITEMS_PER_READ, (slice) => readModelVersions(ctx.db, slice)), nextPageToken };
}
