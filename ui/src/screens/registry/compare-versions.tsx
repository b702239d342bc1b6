import { useQueries } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import type { ModelVersion } from "../../api/model-versions.ts";
import { type Run, runQuery } from "../../api/runs.ts";
import { type KeyValue, toDouble } from "../../api/wire.ts";
import { Button } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { formatExact, formatMetric } from "../../parts/format.ts";
import { ownTags } from "../../parts/own-tags.ts";
import { EmptyState, SkeletonRows } from "../../parts/states.tsx";
import { Switch } from "../../parts/toggles.tsx";
import { Dash, Time } from "../../parts/values.tsx";
import { type ComparedLine, compareSides } from "./comparison.ts";
import { AliasBadges, StageBadge, versionHref } from "./registry-parts.tsx";

interface CompareProps {
  name: string;
  versions: readonly ModelVersion[];
  isLoading: boolean;
  onClose: () => void;
}

const NAME_PX = 144;
const VERSION_PX = 128;

const asMap = (pairs: readonly KeyValue[] | undefined): Map<string, string> =>
  new Map((pairs ?? []).map(({ key, value }) => [key, value]));

const metricsOf = (run: Run | undefined): Map<string, string> =>
  new Map((run?.data.metrics ?? []).map(({ key, value }) => [key, formatExact(toDouble(value))]));

/** Versions side by side: their tags, and the parameters and metrics of their runs. */
export default function CompareVersions({ name, versions, isLoading, onClose }: CompareProps) {
  const [isOnlyDifferent, setOnlyDifferent] = useState(false);
  const runs = useQueries({
    queries: versions.map(({ run_id: runId = "" }) => ({ ...runQuery(runId), enabled: runId !== "" })),
  });
  const found = runs.map((run) => run.data);
  const sections: { title: string; lines: ComparedLine[]; isMetric?: boolean }[] = [
    { title: "Tags", lines: compareSides(versions.map(({ tags }) => asMap(ownTags(tags)))) },
    { title: "Parameters", lines: compareSides(found.map((run) => asMap(run?.data.params))) },
    { title: "Metrics", lines: compareSides(found.map(metricsOf)), isMetric: true },
  ];
  if (isLoading || runs.some((run) => run.isLoading)) return <SkeletonRows />;
  if (versions.length < 2) {
    return <EmptyState title="These versions are gone" actions={<Button onClick={onClose}>All versions</Button>} />;
  }
  const heads = "sticky top-0 z-10 h-8 border-line border-b bg-page px-3 text-left font-medium";
  return (
    <>
      <div className="flex min-h-10 shrink-0 flex-wrap items-center gap-3 border-line border-t px-3 wide:px-4">
        <h2>Comparing {versions.length} versions</h2>
        <Switch label="Only what differs" isOn={isOnlyDifferent} onChange={setOnlyDifferent} />
        <Button className="ml-auto" onClick={onClose}>
          All versions
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a broad table scrolls, also by keys */}
      <section aria-label="Comparison" tabIndex={0} className="min-h-0 flex-1 overflow-auto -outline-offset-2">
        <table
          className="w-full table-fixed border-separate border-spacing-0"
          style={{ minWidth: NAME_PX + VERSION_PX * versions.length }}
        >
          <colgroup>
            <col style={{ width: NAME_PX }} />
          </colgroup>
          <thead>
            <tr>
              <th scope="col" className={classNames(heads, "left-0 z-20 wide:pl-4")}>
                <span className="sr-only">Name</span>
              </th>
              {versions.map(({ version }) => (
                <th key={version} scope="col" className={heads}>
                  <a href={versionHref(name, version)}>v{version}</a>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Line name="Stage">
              {versions.map((version) => (
                <StageBadge key={version.version} stage={version.current_stage} />
              ))}
            </Line>
            <Line name="Aliases">
              {versions.map((version) => (
                <AliasBadges key={version.version} aliases={version.aliases} />
              ))}
            </Line>
            <Line name="Created">
              {versions.map((version) => (
                <Time key={version.version} timeMs={version.creation_timestamp} />
              ))}
            </Line>
            <Line name="Run">
              {versions.map((version, index) => (
                <RunName key={version.version} version={version} run={found[index]} />
              ))}
            </Line>
          </tbody>
          {sections.map(({ title, lines, isMetric = false }) => {
            const shown = isOnlyDifferent ? lines.filter((line) => line.differs) : lines;
            return (
              <tbody key={title} aria-label={title}>
                <tr>
                  <th
                    scope="rowgroup"
                    colSpan={versions.length + 1}
                    className="h-9 border-line border-b px-3 pt-2 text-left font-semibold wide:pl-4"
                  >
                    {title}
                    {shown.length === 0 && (
                      <span className="ml-2 font-normal text-ink-muted">
                        {lines.length === 0 ? "none" : "no difference"}
                      </span>
                    )}
                  </th>
                </tr>
                {shown.map((line) => (
                  <Line key={line.key} name={line.key} isMarked={line.differs}>
                    {line.values.map((value, index) => (
                      <Value key={versions[index]?.version} value={value} isMetric={isMetric} />
                    ))}
                  </Line>
                ))}
              </tbody>
            );
          })}
        </table>
      </section>
    </>
  );
}

interface LineProps {
  name: string;
  isMarked?: boolean;
  children: ReactElement[];
}

/** Differences have a colour, and a word for readers who do not see colours. */
function Line({ name, isMarked = false, children }: LineProps) {
  return (
    <tr>
      <th
        scope="row"
        title={name}
        className="sticky left-0 h-row truncate border-line border-b bg-page px-3 text-left font-normal text-ink-muted wide:pl-4"
      >
        {name}
        {isMarked && <span className="sr-only"> (differs)</span>}
      </th>
      {children.map((child) => (
        <td key={child.key} className={classNames("h-row border-line border-b px-3", isMarked && "bg-warning-surface")}>
          {child}
        </td>
      ))}
    </tr>
  );
}

function Value({ value, isMetric }: { value: string | undefined; isMetric: boolean }) {
  if (value === undefined) return <Dash />;
  return (
    <span className="block truncate" title={value}>
      {isMetric ? formatMetric(Number(value)) : value}
    </span>
  );
}

function RunName({ version, run }: { version: ModelVersion; run: Run | undefined }) {
  if (!version.run_id) return <Dash />;
  if (run === undefined) return <span className="text-ink-muted">{version.run_id.slice(0, 8)} (gone)</span>;
  return (
    <a
      href={`#/experiments/${run.info.experiment_id}/runs/${run.info.run_id}`}
      title={run.info.run_name}
      className="block truncate"
    >
      {run.info.run_name}
    </a>
  );
}
