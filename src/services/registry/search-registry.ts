import type { ModelVersion, RegisteredModel } from "../../domain/entities.ts";
import { invalidParameter } from "../../domain/errors.ts";
import { MAX_MODEL_VERSION_SEARCH_RESULTS, MAX_REGISTERED_MODEL_SEARCH_RESULTS } from "../../domain/limits.ts";
import { planModelVersionSearch, planRegisteredModelSearch } from "../../search/registry-plan.ts";
import { searchModelVersionKeys, searchRegisteredModelIds } from "../../stores/d1/pages.ts";
import { readModelVersions } from "../../stores/d1/registry/model-versions.ts";
import { readRegisteredModels } from "../../stores/d1/registry/registered-models.ts";
import type { ServiceContext } from "../context.ts";

/** Read at once, so that a large page stays in flat memory: a prompt version may carry texts of 100,000 characters. */
const ITEMS_PER_READ = 200;

export interface RegistrySearch {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly maxResults: number;
  readonly pageToken: string | undefined;
}

export interface RegistryPage<T> {
  /** Slices of the page, read as they are asked for. */
  readonly slices: AsyncIterable<readonly T[]>;
  readonly nextPageToken: string | undefined;
}

export async function searchRegisteredModels(
  ctx: ServiceContext,
  input: RegistrySearch,
): Promise<RegistryPage<RegisteredModel>> {
  checkMaxResults(input.maxResults, MAX_REGISTERED_MODEL_SEARCH_RESULTS);
  const { ids, nextPageToken } = await searchRegisteredModelIds(ctx.db, planRegisteredModelSearch(input));
  return { slices: inSlices(ids, (slice) => readRegisteredModels(ctx.db, slice)), nextPageToken };
}

/** Unlike upstream's, the versions have their aliases. */
export async function searchModelVersions(
  ctx: ServiceContext,
  input: RegistrySearch,
): Promise<RegistryPage<ModelVersion>> {
  checkMaxResults(input.maxResults, MAX_MODEL_VERSION_SEARCH_RESULTS);
  const { keys, nextPageToken } = await searchModelVersionKeys(ctx.db, planModelVersionSearch(input));
  return { slices: inSlices(keys, (slice) => readModelVersions(ctx.db, slice)), nextPageToken };
}

async function* inSlices<T>(
  ids: readonly string[],
  read: (slice: readonly string[]) => Promise<T[]>,
): AsyncGenerator<readonly T[]> {
  for (let i = 0; i < ids.length; i += ITEMS_PER_READ) yield await read(ids.slice(i, i + ITEMS_PER_READ));
}

function checkMaxResults(maxResults: number, most: number): void {
  if (maxResults >= 1 && maxResults <= most) return;
  throw invalidParameter(
    `Invalid value ${maxResults} for parameter 'max_results' supplied. It must be a positive integer of at most ${most}.`,
  );
}
