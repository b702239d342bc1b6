import { invalidParameter } from "../../domain/errors.ts";
import type { LoggedModel } from "../../domain/logged-model.ts";
import { type LoggedModelSearchQuery, planLoggedModelSearch } from "../../search/logged-model-plan.ts";
import { readLoggedModels } from "../../stores/d1/logged-models/logged-models.ts";
import { searchLoggedModelIds } from "../../stores/d1/pages.ts";
import type { ServiceContext } from "../context.ts";

/** Models read at once: each brings its params, tags and metrics. */
const MODELS_PER_READ = 100;

export interface FoundLoggedModels {
  readonly count: number;
  /** Slices of the page, read as they are asked for. */
  readonly slices: AsyncGenerator<readonly LoggedModel[]>;
  readonly nextPageToken: string | undefined;
}

/** The models of a page, deleted ones never. */
export async function searchLoggedModels(
  ctx: ServiceContext,
  query: LoggedModelSearchQuery,
): Promise<FoundLoggedModels> {
  if (query.maxResults < 1) {
    throw invalidParameter(`Invalid value ${query.maxResults} for parameter 'max_results': it must be positive.`);
  }
  const { modelIds, nextPageToken } = await searchLoggedModelIds(ctx.db, planLoggedModelSearch(query));
  return { count: modelIds.length, slices: readInSlices(ctx, modelIds), nextPageToken };
}

async function* readInSlices(ctx: ServiceContext, modelIds: readonly string[]): AsyncGenerator<readonly LoggedModel[]> {
  for (let i = 0; i < modelIds.length; i += MODELS_PER_READ) {
    yield await readLoggedModels(ctx.db, modelIds.slice(i, i + MODELS_PER_READ));
  }
}
