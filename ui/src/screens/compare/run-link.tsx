import { Link } from "@tanstack/react-router";
import { RunMark } from "../../charts/run-mark.tsx";
import type { ComparedRun } from "./compared-run.ts";

/** A run by its colour and name, leading to its page. */
export function RunLink({ run }: { run: ComparedRun }) {
  return (
    <Link
      to="/experiments/$experimentId/runs/$runId"
      params={{ experimentId: run.experimentId, runId: run.id }}
      title={run.name}
      className="flex min-w-0 items-center gap-1.5 text-ink"
    >
      <RunMark runId={run.id} />
      <span className="truncate">
        <bdi>{run.name}</bdi>
      </span>
    </Link>
  );
}
