import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import type { ViewType } from "../../src/domain/entities.ts";
import { MlflowError } from "../../src/domain/errors.ts";
import { planExperimentSearch } from "../../src/search/experiment-plan.ts";
import { planRunSearch } from "../../src/search/run-plan.ts";
import { EVERYTHING } from "../../src/search/visibility.ts";
import { migrate } from "../../src/stores/d1/connection/migrate.ts";
import { readPage } from "../../src/stores/d1/connection/page.ts";
import { readRunPage } from "../../src/stores/d1/runs/run-page.ts";
import oracle from "./oracle.json";
import { insertRuns, type SearchedRun } from "./population.ts";

/** The answers of a real MLflow server. oracle.py recorded them. */
interface Answered {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly viewType: string;
  readonly status: number;
  readonly names: readonly string[] | null;
}

const EXPERIMENT_IDS = new Map(oracle.experiments.map(({ name }, index) => [name, index + 1]));

function runId(name: string): string {
  return `${name}${"0".repeat(29)}`;
}

function present<T>(values: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined));
}

/** MLflow keeps an infinite value as the largest double. */
function storedMetric(value: number | string): number {
  const number = Number(value);
  return Number.isNaN(number) ? number : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, number));
}

const RUNS: readonly SearchedRun[] = oracle.runs.map((run) => ({
  runId: runId(run.name),
  experimentId: EXPERIMENT_IDS.get(run.experiment)!,
  status: run.status,
  userId: "",
  startTime: BigInt(run.start_time),
  endTime: run.end_time === null ? null : BigInt(run.end_time),
  deleted: run.deleted,
  metrics: Object.fromEntries(
    Object.entries(present<number | string>(run.metrics)).map(([key, value]) => [key, storedMetric(value)]),
  ),
  params: present<string>(run.params),
  tags: { ...present<string>(run.tags), "mlflow.runName": run.name },
  datasets: run.datasets.map(({ name, digest, context }) => ({ name, digest, ...(context !== null && { context }) })),
}));

async function insertExperiments(): Promise<void> {
  await migrate(env.DB, 0);
  await env.DB.batch([
    env.DB.prepare("UPDATE experiments SET creation_time = 500, last_update_time = 500"),
    ...oracle.experiments.flatMap(({ name, tags, ...rest }) => {
      const id = EXPERIMENT_IDS.get(name)!;
      return [
        env.DB.prepare(
          `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
           VALUES (?1, ?2, '', ?3, ?1 + 1000, ?1 + 1000)`,
        ).bind(id, name, "deleted" in rest ? "deleted" : "active"),
        ...Object.entries(present<string>(tags)).map(([key, value]) =>
          env.DB.prepare("INSERT INTO experiment_tags VALUES (?, ?, ?)").bind(id, key, value),
        ),
      ];
    }),
  ]);
}

async function runNames({ filter, orderBy, viewType }: Answered): Promise<string[]> {
  const plan = planRunSearch({
    experimentIds: ["1", "2"],
    filter: filter.replaceAll(/@(r\d\d)@/g, (_all, name: string) => runId(name)),
    orderBy,
    viewType: viewType as ViewType,
    maxResults: 1000,
    visibility: EVERYTHING,
  });
  const { ids } = await readRunPage(env.DB, plan, { readsRecords: true });
  return ids.map((id) => id.slice(0, 3));
}

async function experimentNames({ filter, orderBy, viewType }: Answered): Promise<string[]> {
  const query = { filter, orderBy, viewType: viewType as ViewType, maxResults: 100, visibility: EVERYTHING };
  const { ids } = await readPage(env.DB, planExperimentSearch(query));
  const names = new Map([...EXPERIMENT_IDS].map(([name, id]) => [String(id), name]));
  return ids.map((id) => names.get(id) ?? "Default");
}

/**
 * Filters that MLflow refuses and this server answers. MLflow's parser refuses harmless filters by accident: numbers as Python
 * prints them, and the blank filter. MLflow's grammar refuses params as numbers, OR, NOT and brackets.
 */
const ACCEPTED_HERE = {
  runs: [
    '["metrics.acc > 1e+2"]',
    '["metrics.acc > +3"]',
    '["params.opt = 1"]',
    '[" "]',
    "[\"metrics.acc > 0 OR params.opt = 'sgd'\"]",
    '["(metrics.acc > 0)"]',
    '["NOT metrics.acc > 0"]',
  ],
  experiments: [],
} as const;

beforeAll(async () => {
  await insertExperiments();
  await insertRuns(env.DB, RUNS);
});

describe("what MLflow accepts means the same here, what it refuses is refused", () => {
  test.each([
    { kind: "runs" as const, answers: oracle.runSearches as readonly Answered[], names: runNames },
    { kind: "experiments" as const, answers: oracle.experimentSearches as readonly Answered[], names: experimentNames },
  ])("$kind", async ({ kind, answers, names }) => {
    const accepted: string[] = [];
    for (const answer of answers) {
      const text = JSON.stringify([answer.filter, ...answer.orderBy]);
      const found = await names(answer).catch((error: unknown) => {
        if (!(error instanceof MlflowError)) throw error;
        expect(error.code).toBe("INVALID_PARAMETER_VALUE");
        return null;
      });
      if (answer.status === 200) expect.soft(found, text).toEqual(answer.names);
      else if (found !== null) accepted.push(text);
    }
    expect(accepted).toEqual(ACCEPTED_HERE[kind]);
  });
});
