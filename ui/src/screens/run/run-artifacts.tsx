import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { Run } from "../../api/runs.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { ArtifactBrowser } from "../artifacts/artifact-browser.tsx";
import type { ShownPlace } from "../artifacts/shown-place.ts";
import { ShareButton } from "../share/share-button.tsx";

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
      {...(!IS_SHARED && {
        onOtherRuns: (ids) =>
          void navigate({ search: (before) => ({ ...before, runs: ids.join(",") || undefined }), replace: true }),
      })}
      shareOf={(shared) => (
        <ShareButton
          isSmall
          name={shared}
          thing={{ run_ids: [run_id], path: shared }}
          experimentIds={[run.info.experiment_id]}
        />
      )}
      {...(onRegister && { onRegister })}
      isLive={status === "RUNNING"}
    />
  );
}
