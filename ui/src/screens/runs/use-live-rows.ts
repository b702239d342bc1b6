import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { whatChanged } from "../../api/live.ts";
import type { TableSearch } from "../../api/run-table.ts";
import { readRunTable } from "../../api/run-table.ts";
import { type RunRow, rowsOf } from "./run-rows.ts";

/** How often the page polls the visible live runs, in ms. */
const PERIOD_MS = 2000;
const MAX_WATCHED = 1000;

interface LiveRowsOptions {
  search: TableSearch;
  inSight: RefObject<() => readonly RunRow[]>;
  /** Reloads all rows in order. Without it, only changed rows are reloaded, and they keep their places. */
  onChange: (() => void) | undefined;
}

/** Newer data of runs, by run id. */
export type FreshRows = ReadonlyMap<string, { row: RunRow; fresh: RunRow }>;

/** Merges newer data into the rows. A row that was reloaded since is newer than that data. */
export function withFresh(rows: readonly RunRow[], known: FreshRows): readonly RunRow[] {
  if (known.size === 0) return rows;
  return rows.map((row) => {
    const newer = known.get(row.id);
    return newer?.row === row ? newer.fresh : row;
  });
}

/** The rows, of which the visible rows of running runs are up to date. The cost does not depend on the number of rows. */
export function useLiveRows(rows: readonly RunRow[], options: LiveRowsOptions): readonly RunRow[] {
  const [fresh, setFresh] = useState<FreshRows>(new Map());
  const latest = useRef({ rows, options });
  latest.current = { rows, options };
  useEffect(() => {
    const abort = new AbortController();
    let asked = "";
    let cursor: string | undefined;
    const look = async (): Promise<void> => {
      const ids = latest.current.options.inSight
        .current()
        .filter((row) => row.status === "RUNNING")
        .slice(0, MAX_WATCHED)
        .map((row) => row.id);
      if (ids.length === 0 || document.hidden) return;
      const isKnown = ids.join() === asked;
      asked = ids.join();
      const changes = await whatChanged(ids, isKnown ? cursor : undefined, abort.signal);
      cursor = changes.cursor;
      const { rows: of, options: now } = latest.current;
      if (changes.runs.length === 0) return;
      if (now.onChange !== undefined) {
        now.onChange();
        return;
      }
      const read = await readRows(
        now.search,
        changes.runs.map((run) => run.run_id),
        abort.signal,
      );
      const byId = new Map(read.map((row) => [row.id, row]));
      const changed = of.filter((row) => byId.has(row.id));
      setFresh(
        (before) => new Map([...before, ...changed.map((row) => [row.id, { row, fresh: byId.get(row.id)! }] as const)]),
      );
    };
    let timer: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      if (abort.signal.aborted) return;
      // If the server is unreachable, the next poll tries again.
      timer = setTimeout(
        () =>
          void look()
            .catch(() => undefined)
            .finally(wait),
        PERIOD_MS,
      );
    };
    wait();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, []);
  return useMemo(() => withFresh(rows, fresh), [rows, fresh]);
}

async function readRows(search: TableSearch, ids: readonly string[], signal: AbortSignal): Promise<RunRow[]> {
  const filter = `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(",")})`;
  const { order_by: _, ...of } = search;
  return rowsOf(await readRunTable({ ...of, filter, run_view_type: "ALL", max_results: ids.length }, signal));
}
