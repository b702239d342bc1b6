import { findByText } from "../api/find.ts";

/** Something with a page of its own. */
export interface Thing {
  group: "Experiment" | "Run" | "Model";
  label: string;
  note: string;
  /** Such as `#/experiments/1`. */
  href: string;
}

/** Experiments and models by part of their name, runs also by their id or its start. */
export async function findThings(text: string, signal: AbortSignal): Promise<Thing[]> {
  const { experiments, runs, models } = await findByText(text, signal);
  return [
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
