import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { Run } from "../../api/runs.ts";
import { ArtifactBrowser } from "../artifacts/artifact-browser.tsx";
import type { ShownPlace } from "../artifacts/shown-place.ts";

const NO_PLACE = { show: undefined, from: undefined, find: undefined, step: undefined };

interface RunArtifactsProps {
  run: Run;
  /** Registers the model in a folder. */
  onRegister: ((folder: string) => void) | undefined;
}

/** The files of a run. */
export default function RunArtifacts({ run, onRegister }: RunArtifactsProps) {
  const {
    path = "",
    runs = "",
    step,
    show,
    from,
    find,
  } = useSearch({ from: "/experiments/$experimentId/runs/$runId" });
  const navigate = useNavigate({ from: "/experiments/$experimentId/runs/$runId" });
  const { run_id, status } = run.info;
  const others = runs.split(",").filter((id) => /^[\w-]+$/.test(id) && id !== run_id);
  const place = useMemo(() => ({ step, show, from, find }), [step, show, from, find]);
  const onPlace = useCallback(
    (next: ShownPlace) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }),
    [navigate],
  );
  const onPath = useCallback(
    (next: string) => void navigate({ search: (before) => ({ ...before, ...NO_PLACE, path: next || undefined }) }),
    [navigate],
  );
  return (
    <ArtifactBrowser
      root={{ kind: "run", runId: run_id }}
      path={path}
      onPath={onPath}
      place={place}
      onPlace={onPlace}
      otherRunIds={others}
      onOtherRuns={(ids) =>
        void navigate({ search: (before) => ({ ...before, runs: ids.join(",") || undefined }), replace: true })
      }
      {...(onRegister && { onRegister })}
      isLive={status === "RUNNING"}
    />
  );
}
