import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { whatChanged } from "../../api/live.ts";
import { readRunTable } from "../../api/run-table.ts";
import { type RunRow, rowsOf } from "./run-rows.ts";
import type { TableSearch } from "./use-runs.ts";

/** How often the runs in sight that go on are asked about, in ms. */
const PERIOD_MS = 2000;
const MAX_WATCHED = 1000;

interface LiveRowsOptions {
  search: TableSearch;
  inSight: RefObject<() => readonly RunRow[]>;
  /** Reads all rows anew, in order; without it only those that changed are, where they stand. */
  onChange: (() => void) | undefined;
}

const NONE: ReadonlyMap<string, RunRow> = new Map();

/** The rows with what has changed since of those that are in sight and go on, however many rows there are. */
export function useLiveRows(rows: readonly RunRow[], options: LiveRowsOptions): readonly RunRow[] {
  const [fresh, setFresh] = useState({ of: rows, byId: NONE });
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
      setFresh((before) => ({
        of,
        byId: new Map([...(before.of === of ? before.byId : NONE), ...read.map((row) => [row.id, row] as const)]),
      }));
    };
    let timer: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      // A server that is away is asked again.
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
  return useMemo(() => {
    // What was read since is newer than what was read one by one.
    if (fresh.of !== rows || fresh.byId.size === 0) return rows;
    return rows.map((row) => fresh.byId.get(row.id) ?? row);
  }, [rows, fresh]);
}

async function readRows(search: TableSearch, ids: readonly string[], signal: AbortSignal): Promise<RunRow[]> {
  const filter = `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(",")})`;
  const { order_by: _, ...of } = search;
  return rowsOf(await readRunTable({ ...of, filter, run_view_type: "ALL", max_results: ids.length }, signal));
}
