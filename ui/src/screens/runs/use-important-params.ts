import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { spell } from "../../api/field-spelling.ts";
import type { DistinctKeys } from "../../api/keys.ts";
import { readRunTable } from "../../api/run-table.ts";
import { isSystemMetric } from "../../api/runs.ts";
import { isCounter, isHeldOut } from "../../charts/chart-sections.ts";
import { explained, isSeed } from "../compare/importance.ts";
import { numberOf } from "./run-rows.ts";

/** The number of newest runs from which the importance is computed. */
const SAMPLE = 1000;
const MAX_PARAMS = 60;
/** A smaller importance is chance. */
const LEAST = 0.02;

/** The metric that a sweep probably optimizes: a metric of held-out data first, then the metric that most runs have. */
export function mainMetric(keys: DistinctKeys | undefined): string | undefined {
  return (keys?.metrics ?? [])
    .filter(({ key, differs }) => differs && !isSystemMetric(key) && !isCounter(key))
    .toSorted((a, b) => Number(isHeldOut(b.key)) - Number(isHeldOut(a.key)) || b.runs - a.runs)[0]?.key;
}

/** Params that explain most of the main metric, the most important first. Empty while it loads, and with few runs. */
export function useImportantParams(experimentIds: readonly string[], keys: DistinctKeys | undefined, isOn: boolean) {
  const metric = mainMetric(keys);
  const params = useMemo(
    () =>
      (keys?.params ?? [])
        .filter(({ key, differs }) => differs && !isSeed(key))
        .toSorted((a, b) => b.runs - a.runs)
        .slice(0, MAX_PARAMS)
        .map(({ key }) => key),
    [keys],
  );
  const { data } = useQuery({
    queryKey: ["runs", "important", experimentIds, metric, params],
    queryFn: ({ signal }) => readImportance(experimentIds, metric ?? "", params, signal),
    enabled: isOn && metric !== undefined && params.length > 1,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}

async function readImportance(
  experimentIds: readonly string[],
  metric: string,
  params: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const [outcomeField, ...fields] = [spell("metric", metric), ...params.map((key) => spell("param", key))];
  const { columns } = await readRunTable(
    { experiment_ids: [...experimentIds], columns: [outcomeField!, ...fields], max_results: SAMPLE },
    signal,
  );
  const outcome = columns[outcomeField!]!.map((cell) => numberOf(cell));
  const weights = new Map(
    params.map((key, index) => {
      const values = columns[fields[index]!]!.map((cell) => numberOf(cell) ?? cell ?? undefined);
      return [key, explained(values, outcome)];
    }),
  );
  return params.filter((key) => weights.get(key)! > LEAST).sort((a, b) => weights.get(b)! - weights.get(a)!);
}
