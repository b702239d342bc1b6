import { Dialog } from "../parts/dialog.tsx";
import { formatCount } from "../parts/format.ts";
import { Metric } from "../parts/values.tsx";
import { formatX, xName, xRange } from "./axes.ts";
import { LineMark } from "./line-mark.tsx";
import type { PlotLine, PlotSpec } from "./plot-spec.ts";
import { lowerBound, upperBound } from "./series-math.ts";

interface Summary {
  readonly line: PlotLine;
  readonly first: Place;
  readonly least: Place;
  readonly greatest: Place;
  readonly last: Place;
  readonly gaps: number;
}

interface Place {
  readonly x: number;
  readonly value: number;
}

/** The content of a chart in numbers: the first, last, least and greatest value of each visible line. */
export function ChartTable({ title, spec, onClose }: { title: string; spec: PlotSpec; onClose: () => void }) {
  const range =
    spec.zoom ??
    xRange(
      spec.lines.map(({ points }) => points),
      spec.x,
      false,
    );
  const summaries = spec.lines.flatMap((line) => summaryOf(line, range) ?? []);
  const cell = (place: Place) => (
    <td className="px-2 text-right whitespace-nowrap">
      <Metric value={place.value} /> <span className="text-ink-faint">at {formatX(spec.x, place.x)}</span>
    </td>
  );
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      width="broad"
      title={title}
      description={`${xName(spec.x)} ${formatX(spec.x, range[0])} to ${formatX(spec.x, range[1])}`}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <section className="overflow-x-auto" aria-label={`Table of ${title}`} tabIndex={0}>
        <table className="w-full border-collapse">
          <thead>
            <tr className="h-row border-line border-b text-ink-muted">
              <th className="px-2 text-left font-medium">Line</th>
              {["First", "Least", "Greatest", "Last"].map((name) => (
                <th key={name} className="px-2 text-right font-medium">
                  {name}
                </th>
              ))}
              <th className="px-2 text-right font-medium" title="NaN and infinite">
                Not finite
              </th>
            </tr>
          </thead>
          <tbody>
            {summaries.map(({ line, first, least, greatest, last, gaps }) => (
              <tr key={line.id} className="h-row border-line border-b">
                <th className="max-w-60 truncate px-2 text-left font-normal" title={line.name}>
                  <span className="mr-2 inline-block">
                    <LineMark {...line} />
                  </span>
                  {line.name}
                </th>
                {cell(first)}
                {cell(least)}
                {cell(greatest)}
                {cell(last)}
                <td className="px-2 text-right">{formatCount(gaps)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Dialog>
  );
}

function summaryOf(line: PlotLine, [from, to]: readonly [number, number]): Summary | undefined {
  const { x, values } = line.points;
  const start = lowerBound(x, from);
  const end = upperBound(x, to);
  if (start >= end) return undefined;
  const at = (index: number): Place => ({ x: x[index]!, value: values[index]! });
  let least = start;
  let greatest = start;
  let gaps = 0;
  for (let index = start; index < end; index++) {
    const value = values[index]!;
    if (!Number.isFinite(value)) gaps++;
    else {
      if (!(values[least]! <= value)) least = index;
      if (!(values[greatest]! >= value)) greatest = index;
    }
  }
  return { line, first: at(start), least: at(least), greatest: at(greatest), last: at(end - 1), gaps };
}
