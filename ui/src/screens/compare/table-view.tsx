import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { experimentListQuery } from "../../api/experiment-list.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { Button } from "../../parts/button.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { EmptyState } from "../../parts/states.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { Switch } from "../../parts/toggles.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useCommands } from "../../shell/commands.ts";
import { compareRows, type Stat } from "./compare-rows.ts";
import { CompareTable } from "./compare-table.tsx";
import { type PlotProps, useLooks } from "./plot-parts.tsx";

const STATS = [
  { value: "last", label: "Last" },
  { value: "min", label: "Min" },
  { value: "max", label: "Max" },
  { value: "all", label: "All" },
] as const;

const ALL_STATS: readonly Stat[] = ["last", "min", "max"];

type TableViewProps = Omit<PlotProps, "choice"> & {
  /** The place of the run that the others are compared with. */
  baseline: number;
  /** Whether runs can change places, and leave. */
  isMovable: boolean;
};

const NONE: readonly string[] = [];

/** Values side by side: parameters, metrics, datasets, code and tags. */
export function TableView({ runs, baseline, isMovable, search, change, openRun }: TableViewProps) {
  const { q = "", diff = false, stat = "last", turned = NONE } = search;
  useLooks(runs);
  const [text, setText] = useAddressText(search.q, (next) => change({ q: next }));
  const searchBox = useRef<HTMLInputElement>(null);
  const experiments = useQuery({ ...experimentListQuery(), enabled: !IS_SHARED }).data;
  const rows = useMemo(() => {
    const names = new Map(experiments?.map(({ experiment_id, name }) => [experiment_id, name]));
    return compareRows(runs, {
      words: q,
      isDifferingOnly: diff,
      stats: stat === "all" ? ALL_STATS : [stat],
      experimentName: (id) => names.get(id) ?? id,
      ...{ turned, baseline },
    });
  }, [runs, q, diff, stat, experiments, turned, baseline]);
  const turn = (key: string): void => {
    const next = turned.includes(key) ? turned.filter((one) => one !== key) : [...turned, key];
    change({ turned: next.length === 0 ? undefined : next });
  };
  useCommands([
    { id: "compare.find", label: "Find a row", group: "Compare", keys: "/", run: () => searchBox.current?.focus() },
    {
      id: "compare.diff",
      label: diff ? "Show all rows" : "Show only what differs",
      group: "Compare",
      keys: "d",
      run: () => change({ diff: diff ? undefined : true }),
    },
  ]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-line border-b px-3 py-2 wide:px-4">
        <SearchField
          ref={searchBox}
          label="Find a row"
          value={text}
          onValueChange={setText}
          className="min-w-0 basis-full wide:w-60 wide:basis-auto"
        />
        <Switch label="Only what differs" isOn={diff} onChange={(isOn) => change({ diff: isOn || undefined })} />
        <Segmented
          label="Value of metrics"
          value={stat}
          onValueChange={(next) => change({ stat: next === "last" ? undefined : next })}
          segments={STATS}
        />
        {runs.length < 2 && <span className="text-ink-muted">Select another run to compare this one with.</span>}
      </div>
      {rows.length === 0 ? (
        <EmptyState
          title={q === "" ? "Nothing differs" : "No row matches"}
          actions={
            <Button
              onClick={() => {
                setText("");
                change({ q: undefined, diff: undefined });
              }}
            >
              Show all rows
            </Button>
          }
        >
          {q === ""
            ? "These runs have the same parameters, metrics, datasets, code and tags."
            : "Names of rows were searched."}
        </EmptyState>
      ) : (
        <CompareTable
          {...{ runs, rows, baseline, openRun }}
          onRuns={isMovable ? (next) => change({ runs: next.join(",") }) : undefined}
          onBaseline={({ id }) => change({ baseline: id })}
          onTurn={turn}
        />
      )}
    </div>
  );
}
