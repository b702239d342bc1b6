import { searchExperiments } from "../api/experiments.ts";
import { searchRegisteredModels } from "../api/registered-models.ts";
import { getRun, type Run, searchRuns } from "../api/runs.ts";

/** Something with a page of its own. */
export interface Thing {
  group: "Experiment" | "Run" | "Model";
  label: string;
  note: string;
  /** Such as `#/experiments/1`. */
  href: string;
}

const MAX_EACH = 8;

/** MLflow's grammar has no escape: a text with both kinds of quotes loses the double ones. */
function like(text: string): string {
  const pattern = `%${text}%`;
  return text.includes("'") ? `"${pattern.replaceAll('"', "")}"` : `'${pattern}'`;
}

/** Experiments and models by part of their name, runs by name or whole id. What fails or may not be seen is left out. */
export async function findThings(text: string, signal: AbortSignal): Promise<Thing[]> {
  const [experiments, runs, models] = await Promise.allSettled([
    findExperiments(text, signal),
    findRuns(text, signal),
    findModels(text, signal),
  ]);
  signal.throwIfAborted();
  return [experiments, runs, models].flatMap((part) => (part.status === "fulfilled" ? part.value : []));
}

async function findExperiments(text: string, signal: AbortSignal): Promise<Thing[]> {
  const filter = `name ILIKE ${like(text)}`;
  const { experiments = [] } = await searchExperiments({ filter, max_results: MAX_EACH }, signal);
  return experiments.map((experiment) => ({
    group: "Experiment",
    label: experiment.name,
    note: experiment.experiment_id,
    href: `#/experiments/${experiment.experiment_id}`,
  }));
}

async function findRuns(text: string, signal: AbortSignal): Promise<Thing[]> {
  if (/^[0-9a-f]{32}$/i.test(text)) return [runThing(await getRun(text.toLowerCase(), signal))];
  const { experiments = [] } = await searchExperiments({ max_results: 1000 }, signal);
  if (experiments.length === 0) return [];
  const { runs = [] } = await searchRuns(
    {
      experiment_ids: experiments.map((experiment) => experiment.experiment_id),
      filter: `attributes.run_name ILIKE ${like(text)}`,
      max_results: MAX_EACH,
    },
    signal,
  );
  return runs.map(runThing);
}

function runThing({ info }: Run): Thing {
  return {
    group: "Run",
    label: info.run_name,
    note: info.run_id.slice(0, 8),
    href: `#/experiments/${info.experiment_id}/runs/${info.run_id}`,
  };
}

async function findModels(text: string, signal: AbortSignal): Promise<Thing[]> {
  const filter = `name ILIKE ${like(text)}`;
  const { registered_models: models = [] } = await searchRegisteredModels({ filter, max_results: MAX_EACH }, signal);
  return models.map((model) => ({
    group: "Model",
    label: model.name,
    note: "",
    href: `#/models/${encodeURIComponent(model.name)}`,
  }));
}
