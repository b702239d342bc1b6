import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { artifactTextQuery } from "../../../api/artifacts.ts";
import { RunMark } from "../../../charts/run-mark.tsx";
import { classNames } from "../../../parts/class-names.ts";
import { formatCount } from "../../../parts/format.ts";
import { Select } from "../../../parts/select.tsx";
import { ErrorState, SkeletonRows } from "../../../parts/states.tsx";
import { Switch } from "../../../parts/toggles.tsx";
import { kindOf } from "../../artifacts/file-kinds.ts";
import { indented } from "../../run/run-facts.ts";
import type { ComparedRun } from "../compared-run.ts";
import { type DiffRow, type DiffSide, diffRows } from "./text-diff.ts";

/** Longer texts take too long to compare, in characters. */
const MAX_LENGTH = 2_000_000;
/** More rows are slower to make than anyone reads. */
const MAX_ROWS = 5000;

interface TextDiffViewProps {
  path: string;
  baseline: ComparedRun;
  /** Those that have the file, without the baseline. */
  others: readonly ComparedRun[];
  beside: ComparedRun;
  onBeside: (runId: string) => void;
}

/** A text of two runs side by side, with what differs marked. */
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
        <section
          aria-label={`Differences of ${path}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
          tabIndex={0}
          className="min-h-0 flex-1 overflow-auto font-mono text-sm -outline-offset-2"
        >
          <table className="w-full table-fixed border-collapse">
            <colgroup>
              <col className="w-12" />
              <col />
              <col className="w-12" />
              <col />
            </colgroup>
            <tbody>
              {rows.slice(0, MAX_ROWS).map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows of two texts have no identity but their place
                <Row key={index} row={row} />
              ))}
            </tbody>
          </table>
          {rows.length > MAX_ROWS && (
            <p className="px-3 py-2 font-sans text-ink-muted">The first {formatCount(MAX_ROWS)} lines are shown.</p>
          )}
        </section>
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

function Row({ row }: { row: DiffRow }) {
  if (row.kind === "gap") {
    return (
      <tr>
        <td colSpan={4} className="bg-surface px-3 py-0.5 text-center font-sans text-ink-muted">
          {formatCount(row.hidden ?? 0)} lines are the same
        </td>
      </tr>
    );
  }
  const isChanged = row.kind === "changed";
  return (
    <tr className="align-top">
      <Side side={row.left} tone={isChanged ? "before" : undefined} />
      <Side side={row.right} tone={isChanged ? "after" : undefined} />
    </tr>
  );
}

const TONES = {
  before: { line: "bg-danger-surface", piece: "text-danger font-semibold", word: "removed" },
  after: { line: "bg-success-surface", piece: "text-success font-semibold", word: "added" },
};

function Side({ side, tone }: { side: DiffSide | undefined; tone: keyof typeof TONES | undefined }) {
  if (side === undefined) return <td colSpan={2} className="bg-surface" />;
  const look = tone && TONES[tone];
  return (
    <>
      <td className={classNames("pr-2 text-right text-ink-faint select-none", look?.line)}>{side.number}</td>
      <td className={classNames("px-2 whitespace-pre-wrap wrap-anywhere", look?.line)}>
        {look !== undefined && <span className="sr-only">{look.word} </span>}
        {side.pieces.map(({ text, isChanged }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a line have no identity but their place
          <span key={index} className={isChanged ? look?.piece : undefined}>
            {text}
          </span>
        ))}
      </td>
    </>
  );
}
