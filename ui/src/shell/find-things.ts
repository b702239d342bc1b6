import { findByText } from "../api/find.ts";

/** Something with a page of its own. */
export interface Thing {
  group: "Experiment" | "Run" | "Model" | "Model version" | "Logged model";
  label: string;
  note: string;
  /** Such as `#/experiments/1`. */
  href: string;
}

/** Experiments and models by part of their name, runs also by their id or its start, and what an address names. */
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

/** A logged model by its id, a version by the address that loads it: `m-0af3…`, `models:/churn/3`. */
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
