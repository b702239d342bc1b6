import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { watchRun } from "../../api/live.ts";
import { type Run, runQuery } from "../../api/runs.ts";

/** At most one reading of the run in this time, in ms, however much it logs. */
const REFRESH_MS = 1000;

const POLL_MS = 5000;

/** Updates a run's query with news from its object. If the socket is refused, reloads the run every five seconds. */
export function useLiveRun(runId: string, isEnabled: boolean): void {
  const client = useQueryClient();
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    if (!isEnabled) return;
    const { queryKey } = runQuery(runId);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void client.invalidateQueries({ queryKey });
        void client.invalidateQueries({ queryKey: ["runs", "aggregates", runId] });
      }, REFRESH_MS);
    };
    const stop = watchRun(runId, {
      onPoints: refresh,
      onData: refresh,
      onRun: ({ end_time, ...notice }) => {
        client.setQueryData(queryKey, (run: Run | undefined) => {
          if (run === undefined) return run;
          const info = { ...run.info, ...notice };
          if (end_time === null) delete info.end_time;
          else if (end_time !== undefined) info.end_time = end_time;
          return { ...run, info };
        });
      },
      onOpen: () => {
        setLost(false);
        refresh();
      },
      onLost: () => setLost(true),
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [client, runId, isEnabled]);
  useEffect(() => {
    if (!isLost || !isEnabled) return;
    const timer = setInterval(() => void client.invalidateQueries({ queryKey: runQuery(runId).queryKey }), POLL_MS);
    return () => clearInterval(timer);
  }, [client, runId, isLost, isEnabled]);
}
