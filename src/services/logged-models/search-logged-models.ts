import type { LoggedModel } from "../../domain/logged-model.ts";
import { type LoggedModelSearchQuery, planLoggedModelSearch } from "../../search/logged-model-plan.ts";
import { readPage } from "../../stores/d1/connection/page.ts";
import { readLoggedModels } from "../../stores/d1/logged-models/logged-models.ts";
import type { ServiceContext } from "../context.ts";
import { inSlices } from "../slices.ts";

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
  search: Omit<LoggedModelSearchQuery, "visibility">,
): Promise<FoundLoggedModels> {
  const plan = planLoggedModelSearch({ ...search, visibility: ctx.visibility });
  const { ids, nextPageToken } = await readPage(ctx.db, plan);
  const slices = inSlices(ids, MODELS_PER_READ, (slice) => readLoggedModels(ctx.db, slice));
  return { count: ids.length, slices, nextPageToken };
}
