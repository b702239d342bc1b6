import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Run } from "../../api/runs.ts";
import { ArtifactBrowser } from "../artifacts/artifact-browser.tsx";

/** The files of a run. */
export default function RunArtifacts({ run }: { run: Run }) {
  const { path = "", runs = "", step } = useSearch({ from: "/experiments/$experimentId/runs/$runId" });
  const navigate = useNavigate({ from: "/experiments/$experimentId/runs/$runId" });
  const others = runs.split(",").filter((id) => /^[\w-]+$/.test(id) && id !== run.info.run_id);
  return (
    <ArtifactBrowser
      root={{ kind: "run", runId: run.info.run_id }}
      path={path}
      onPath={(next) =>
        void navigate({ search: (before) => ({ ...before, path: next || undefined, step: undefined }) })
      }
      otherRunIds={others}
      step={step}
      onStep={(next) => void navigate({ search: (before) => ({ ...before, step: next }), replace: true })}
    />
  );
}
