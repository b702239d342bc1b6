import { findByText } from "../api/find.ts";

/** A thing that has its own page. */
export interface Thing {
  group: "Experiment" | "Run" | "Model" | "Model version" | "Logged model";
  label: string;
  note: string;
  /** Such as `#/experiments/1`. */
  href: string;
}

/** Experiments, models and runs by part of their name, runs also by the start of their id, and things that a URI names. */
export async function findThings(text: string, signal: AbortSignal): Promise<Thing[]> {
  const runId = /^runs:\/([^/]+)/.exec(text)?.[1];
  const { experiments, runs, models } = await findByText(runId ?? text, signal);
  return [
    ...namedThings(text),
    ...experiments.map(
      ({ experiment_id, name }): Thing => ({
        group: "Experiment",
        label: name,
        note: experiment_id,
        href: `#/experiments/${experiment_id}`,
      }),
    ),
    ...runs.map(
      ({ run_id, experiment_id, run_name }): Thing => ({
        group: "Run",
        label: run_name,
        note: run_id.slice(0, 8),
        href: `#/experiments/${experiment_id}/runs/${run_id}`,
      }),
    ),
    ...models.map(
      ({ name }): Thing => ({ group: "Model", label: name, note: "", href: `#/models/${encodeURIComponent(name)}` }),
    ),
  ];
}

/** A logged model by its id (`m-0af3…`), or a version by the URI that loads it (`models:/churn/3`). */
export function namedThings(text: string): Thing[] {
  const modelId = /^(?:models:\/)?(m-[0-9a-f]{32})$/.exec(text)?.[1];
  if (modelId !== undefined) {
    return [{ group: "Logged model", label: modelId, note: "", href: `#/logged-models/${modelId}` }];
  }
  const [, name, version] = /^models:\/(.+)\/(\d+)$/.exec(text) ?? [];
  if (name === undefined || version === undefined) return [];
  const href = `#/models/${encodeURIComponent(name)}/versions/${version}`;
  return [{ group: "Model version", label: `${name} version ${version}`, note: "", href }];
}
