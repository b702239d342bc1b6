import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { MAX_RUNS } from "./comparison.ts";
import type { ManyRuns } from "./many-runs.ts";

/** Says which of many runs, or of their fields, are not shown. */
export function ManyNotices({ runs, total, leftOut, asked, isTable }: ManyRuns & { asked: number; isTable: boolean }) {
  const words = [
    Math.max(asked, total) > runs.length &&
      `${formatCount(runs.length)} of ${formatCount(Math.max(asked, total))} runs are compared.`,
    isTable &&
      runs.length > MAX_RUNS &&
      `The table has the first ${MAX_RUNS} of ${formatCount(runs.length)} runs; the drawings have all.`,
    leftOut > 0 && `${formatCount(leftOut)} parameters and metrics are left out: those that fewest runs have.`,
  ].filter((text) => text !== false);
  if (words.length === 0) return null;
  return (
    <p role="status" className="shrink-0 bg-surface px-3 py-1 text-ink-muted wide:px-4">
      {words.join(" ")}
    </p>
  );
}

interface NoticesProps {
  /** How many runs the address names. */
  asked: number;
  missing: readonly string[];
  onDrop: () => void;
}

/** Says which of the address's runs are not shown. */
export function Notices({ asked, missing, onDrop }: NoticesProps) {
  const words = [
    asked > MAX_RUNS && `Of ${asked} runs the first ${MAX_RUNS} are compared.`,
    missing.length > 0 &&
      `${missing.length === 1 ? "One run does" : `${missing.length} runs do`} not exist: ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? "…" : ""}`,
  ].filter((text) => text !== false);
  if (words.length === 0) return null;
  return (
    <div
      role="status"
      className="flex shrink-0 flex-wrap items-center gap-2 bg-warning-surface px-3 py-1 text-warning wide:px-4"
    >
      <span className="min-w-0 wrap-anywhere">{words.join(" ")}</span>
      {missing.length > 0 && (
        <Button kind="quiet" className="text-warning" onClick={onDrop}>
          Remove from comparison
        </Button>
      )}
    </div>
  );
}
