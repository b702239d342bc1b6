import { useMemo } from "react";
import { formatCount, formatMetric } from "../../../parts/format.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../../../parts/states.tsx";
import { isLessBetter } from "../../runs/run-columns.ts";
import type { ComparedRun } from "../compared-run.ts";
import { fieldValue, fieldValues } from "../fields.ts";
import { isSeed } from "../importance.ts";
import { BestSwitch, FieldPicker, type PlotProps, useLooks } from "../plot-parts.tsx";
import { RunLink } from "../run-link.tsx";
import { compact, FEWEST_RUNS, type Matter, type Question } from "./matters.ts";
import { useMatters } from "./use-matters.ts";

/** Which parameters tell how well a run does: by trees and by ranks, over all runs of the comparison. */
export function MattersView({ runs, choice, search, change }: PlotProps) {
  const metric = search.y ?? choice.differingMetrics[0] ?? choice.metrics[0];
  const isLess =
    search.best === undefined ? isLessBetter(metric?.replace(/^metrics\./, "") ?? "") : search.best === "least";
  const question = useMemo((): Question => {
    const names = choice.differingParams.filter((name) => !isSeed(name));
    return {
      columns: names.map((name) => ({ name, values: compact(fieldValues(runs, name)) })),
      result: Float64Array.from(fieldValues(runs, metric ?? ""), (value) =>
        typeof value === "number" ? value : Number.NaN,
      ),
    };
  }, [runs, choice, metric]);
  const { answer, isReckoning, error } = useMatters(question);
  const seeds = choice.differingParams.filter(isSeed);
  const ranked = useMemo(() => rank(runs, question.result, isLess), [runs, question, isLess]);
  if (metric === undefined || question.columns.length === 0) {
    return (
      <EmptyState title="Nothing to compare">
        These runs have no metric, or no parameter that differs between them.
      </EmptyState>
    );
  }
  const [winner] = ranked;
  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-auto">
      <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1.5 px-3 py-2 wide:px-4">
        <FieldPicker
          label="Metric"
          value={metric}
          options={choice.metrics}
          onChange={(y) => y !== undefined && change({ y })}
        />
        <BestSwitch {...{ isLess, change }} />
        <span role="status" className="text-ink-muted">
          {isReckoning
            ? "Reckoning…"
            : answer === undefined
              ? ""
              : `${formatCount(answer.runs)} of ${formatCount(runs.length)} runs have the metric`}
        </span>
      </div>
      {error !== undefined ? (
        <ErrorState title="It could not be reckoned" error={new Error(error)} />
      ) : answer === undefined ? (
        isReckoning ? (
          <SkeletonRows rows={8} />
        ) : (
          <EmptyState title="Too few runs">
            At least {FEWEST_RUNS} runs with a finite value say what matters.
          </EmptyState>
        )
      ) : (
        <>
          <p className="max-w-[76ch] px-3 pb-2 text-ink-muted wide:px-4">
            {qualityText(answer.explained)} What has no more importance than a parameter of mere chance (
            {percent(answer.chance)}) is faint. Importance says how much, not which way; correlation is by ranks, from
            −1 to 1.
            {seeds.length > 0 && ` Left out as random: ${seeds.map(shortName).join(", ")}.`}
          </p>
          <table className="w-full max-w-[1100px] border-collapse">
            <thead>
              <tr className="h-row border-line border-b text-left text-ink-muted text-sm">
                <th scope="col" className="px-3 font-medium wide:px-4">
                  Parameter
                </th>
                <th scope="col" className="w-[30%] px-3 font-medium">
                  Importance
                </th>
                <th scope="col" className="w-[30%] px-3 font-medium">
                  Correlation
                </th>
                <th scope="col" className="px-3 text-right font-medium">
                  Best run
                </th>
              </tr>
            </thead>
            <tbody>
              {answer.matters.map((matter) => (
                <MatterRow key={matter.name} {...{ matter, winner }} chance={answer.chance} />
              ))}
            </tbody>
          </table>
          <BestRuns {...{ ranked, metric }} />
        </>
      )}
    </div>
  );
}

function rank(runs: readonly ComparedRun[], result: Float64Array, isLess: boolean): ComparedRun[] {
  const order = Uint32Array.from(result.keys()).filter((index) => Number.isFinite(result[index]));
  order.sort((a, b) => (result[a]! - result[b]!) * (isLess ? 1 : -1));
  return Array.from(order.subarray(0, SHOWN), (index) => runs[index]!);
}

const shortName = (name: string): string => name.replace(/^params\./, "");
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

function qualityText(explained: number): string {
  if (explained < 0.1) return "These parameters hardly tell how well a run does: the order below may be chance.";
  return `Together they explain ${percent(explained)} of the variance of runs that were held back.`;
}

interface MatterRowProps {
  matter: Matter;
  chance: number;
  winner: ComparedRun | undefined;
}

function MatterRow({ matter: { name, importance, correlation }, chance, winner }: MatterRowProps) {
  const isChance = importance <= chance;
  const best = winner && fieldValue(winner, name);
  return (
    <tr className={`h-row border-line border-b ${isChance ? "text-ink-muted" : ""}`}>
      <th scope="row" title={name} className="max-w-60 truncate px-3 text-left font-normal wide:px-4">
        {shortName(name)}
      </th>
      <td className="px-3">
        <span className="flex items-center gap-2">
          <span aria-hidden className="h-2.5 min-w-0 flex-1 rounded-sm bg-surface">
            <span
              className={`block h-full rounded-sm ${isChance ? "bg-line-strong" : "bg-accent"}`}
              style={{ width: `${100 * importance}%` }}
            />
          </span>
          <span className="w-14 shrink-0 text-right">{percent(importance)}</span>
        </span>
      </td>
      <td className="px-3">
        {correlation === undefined ? (
          <span className="text-ink-muted" title="Words have no order">
            –
          </span>
        ) : (
          <span className="flex items-center gap-2">
            <span aria-hidden className="relative h-2.5 min-w-0 flex-1 rounded-sm bg-surface">
              <span
                className={`absolute inset-y-0 rounded-sm ${correlation < 0 ? "bg-danger" : "bg-success"}`}
                style={{ left: `${50 + Math.min(0, 50 * correlation)}%`, width: `${50 * Math.abs(correlation)}%` }}
              />
              <span className="absolute inset-y-0 left-1/2 w-px bg-line-strong" />
            </span>
            <span className="w-14 shrink-0 text-right">{formatMetric(correlation, 2)}</span>
          </span>
        )}
      </td>
      <td className="max-w-40 truncate px-3 text-right">
        {best === undefined ? "–" : typeof best === "number" ? formatMetric(best) : best}
      </td>
    </tr>
  );
}

const SHOWN = 5;

interface BestRunsProps {
  /** The best first. */
  ranked: readonly ComparedRun[];
  metric: string;
}

function BestRuns({ ranked, metric }: BestRunsProps) {
  useLooks(ranked);
  return (
    <section className="px-3 py-4 wide:px-4">
      <h2 className="pb-1">Best runs</h2>
      <ol className="flex max-w-[480px] flex-col">
        {ranked.map((run) => (
          <li key={run.id} className="flex h-7 items-center gap-3">
            <span className="min-w-0 flex-1">
              <RunLink run={run} />
            </span>
            <span title={metric}>{formatMetric(Number(fieldValue(run, metric)))}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
