import type { Run, RunStatus } from "../../api/runs.ts";
import { NOTE_TAG, toDouble, valueFor } from "../../api/wire.ts";
import { runNames } from "../../charts/chart-lines.ts";

/** The result of one metric of one run. */
export interface MetricEnds {
  readonly last: number;
  /** Undefined until asked for. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** A dataset of a run, with its purpose if the run names one, such as `training`. */
export interface ComparedDataset {
  readonly name: string;
  readonly digest: string;
  readonly context: string | undefined;
}

/** A run as a comparison sees it. Times are in ms since 1970. */
export interface ComparedRun {
  readonly id: string;
  readonly name: string;
  readonly experimentId: string;
  readonly status: RunStatus;
  readonly isDeleted: boolean;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly user: string;
  readonly source: string | undefined;
  readonly commit: string | undefined;
  /** Of the commit, as git names it: an address. */
  readonly repository: string | undefined;
  readonly branch: string | undefined;
  readonly datasets: readonly ComparedDataset[];
  readonly note: string | undefined;
  readonly params: ReadonlyMap<string, string>;
  readonly metrics: ReadonlyMap<string, MetricEnds>;
  /** Without MLflow's own tags. */
  readonly tags: ReadonlyMap<string, string>;
}

export function comparedRun({ info, data, inputs }: Run): ComparedRun {
  const tags = data.tags ?? [];
  return {
    id: info.run_id,
    name: info.run_name || info.run_id,
    experimentId: info.experiment_id,
    status: info.status,
    isDeleted: info.lifecycle_stage === "deleted",
    startMs: info.start_time,
    endMs: info.end_time,
    user: info.user_id,
    source: valueFor(tags, "mlflow.source.name"),
    commit: valueFor(tags, "mlflow.source.git.commit"),
    repository: valueFor(tags, "mlflow.source.git.repoURL"),
    branch: valueFor(tags, "mlflow.source.git.branch"),
    datasets: (inputs?.dataset_inputs ?? []).map(({ dataset: { name, digest }, tags: of }) => ({
      ...{ name, digest },
      context: valueFor(of, "mlflow.data.context"),
    })),
    note: valueFor(tags, NOTE_TAG),
    params: new Map(data.params?.map(({ key, value }) => [key, value])),
    metrics: new Map(data.metrics?.map(({ key, value }) => [key, { last: toDouble(value) }])),
    tags: new Map(tags.filter(({ key }) => !key.startsWith("mlflow.")).map(({ key, value }) => [key, value])),
  };
}

/** The runs. If several have the same name, each of these names has the start of the id. */
export function distinctlyNamed(runs: readonly ComparedRun[]): readonly ComparedRun[] {
  const names = runNames(runs);
  return runs.some(({ id, name }) => names.get(id) !== name)
    ? runs.map((run) => ({ ...run, name: names.get(run.id)! }))
    : runs;
}
