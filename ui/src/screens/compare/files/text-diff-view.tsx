import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { artifactTextQuery } from "../../../api/artifacts.ts";
import { RunMark } from "../../../charts/run-mark.tsx";
import { DiffTable } from "../../../parts/diff-table.tsx";
import { formatCount } from "../../../parts/format.ts";
import { Select } from "../../../parts/select.tsx";
import { ErrorState, SkeletonRows } from "../../../parts/states.tsx";
import { colouredLines } from "../../../parts/syntax.ts";
import { diffRows } from "../../../parts/text-diff.ts";
import { Switch } from "../../../parts/toggles.tsx";
import { kindOf, languageOf } from "../../artifacts/file-kinds.ts";
import { indented } from "../../run/run-facts.ts";
import type { ComparedRun } from "../compared-run.ts";

/** Longer texts take too long to compare, in characters. */
const MAX_LENGTH = 2_000_000;
interface TextDiffViewProps {
  path: string;
  baseline: ComparedRun;
  /** The runs that have the file, without the baseline. */
  others: readonly ComparedRun[];
  beside: ComparedRun;
  onBeside: (runId: string) => void;
}

/** A text of two runs side by side, with marked differences. */
export function TextDiffView({ path, baseline, others, beside, onBeside }: TextDiffViewProps) {
  const [isWhole, setWhole] = useState(false);
  const left = useQuery(artifactTextQuery({ kind: "run", runId: baseline.id }, path));
  const right = useQuery(artifactTextQuery({ kind: "run", runId: beside.id }, path));
  const isJson = kindOf(path) === "json";
  const [before, after] = useMemo(
    () => [left.data, right.data].map((text) => (text !== undefined && isJson ? indented(text) : text)),
    [left.data, right.data, isJson],
  );
  const isLong = (before?.length ?? 0) + (after?.length ?? 0) > MAX_LENGTH;
  const rows = useMemo(
    () => (before === undefined || after === undefined || isLong ? undefined : diffRows(before, after, isWhole)),
    [before, after, isLong, isWhole],
  );
  const colours = useMemo(() => {
    if (before === undefined || after === undefined) return undefined;
    const language = languageOf(path);
    return { left: colouredLines(before, language), right: colouredLines(after, language) };
  }, [before, after, path]);
  const failed = left.isError ? left : right.isError ? right : undefined;
  const changed = rows?.filter(({ kind }) => kind === "changed").length ?? 0;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-line border-b px-3 py-1.5">
        <RunName run={baseline} />
        <span className="text-ink-muted">and</span>
        <Select
          label="Run beside the baseline"
          value={beside.id}
          onValueChange={onBeside}
          options={others.map(({ id, name }) => ({ value: id, label: name.slice(0, 80) }))}
          className="max-w-64"
        />
        <Switch label="Whole file" isOn={isWhole} onChange={setWhole} />
        <span role="status" className="text-ink-muted">
          {rows === undefined
            ? ""
            : changed === 0
              ? "The files are the same."
              : `${formatCount(changed)} ${changed === 1 ? "line differs" : "lines differ"}`}
        </span>
      </div>
      {failed !== undefined ? (
        <ErrorState title="The file could not be read" error={failed.error} onRetry={() => void failed.refetch()} />
      ) : isLong ? (
        <p className="p-4 text-ink-muted">These files are too long to be compared line by line.</p>
      ) : rows === undefined ? (
        <SkeletonRows rows={10} />
      ) : (
        <DiffTable label={`Differences of ${path}`} {...{ rows, colours }} />
      )}
    </div>
  );
}

function RunName({ run }: { run: ComparedRun }) {
  return (
    <span className="flex min-w-0 max-w-64 items-center gap-1.5" title={run.name}>
      <RunMark runId={run.id} />
      <span className="truncate">
        <bdi>{run.name}</bdi>
      </span>
    </span>
  );
}
