import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useMemo, useRef } from "react";
import { IconButton } from "../parts/button.tsx";
import { classNames, OVERLAY } from "../parts/class-names.ts";
import { ChartCard } from "./chart-card.tsx";
import type { ChartRun } from "./chart-lines.ts";
import { bucketsFor } from "./chart-search.ts";
import type { ChartSettings } from "./chart-settings.ts";
import { ChartToolbar } from "./chart-toolbar.tsx";
import { SampleNote } from "./group-note.tsx";
import type { ChartGroup } from "./group-store.ts";
import type { LineSource } from "./line-source.ts";
import type { RunStyle } from "./run-colour.ts";
import { useGroups } from "./use-groups.ts";
import { useSeries } from "./use-series.ts";

interface FullChartProps {
  metricKey: string;
  runs: readonly ChartRun[];
  groups: readonly ChartGroup[] | undefined;
  styles: ReadonlyMap<string, RunStyle>;
  settings: ChartSettings;
  metricKeys: readonly string[];
}

const FULL_BUCKETS = 1000;
/** The height above and below the plot. On a narrow page the toolbar has two rows. */
const framePx = (): number => (innerWidth < 720 ? 156 : 120);

/** One chart that fills the page, with more points. */
export function FullChart({ metricKey, runs, groups, styles, settings, metricKeys }: FullChartProps) {
  const buckets = Math.min(FULL_BUCKETS, 4 * bucketsFor(runs.length));
  const page = useSeries(runs, settings, { metricKeys }, buckets);
  const isGrouped = groups !== undefined && settings.search.chartGroups !== false;
  const groupStore = useGroups(isGrouped ? groups : undefined, settings, buckets);
  const source = useMemo(
    (): LineSource =>
      isGrouped ? { kind: "groups", store: groupStore, groups } : { kind: "runs", store: page.store, runs, styles },
    [isGrouped, groupStore, groups, page.store, runs, styles],
  );
  const popup = useRef<HTMLDivElement>(null);
  const close = (): void => settings.change({ chartFull: undefined });
  return (
    <Dialog.Root open onOpenChange={close}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-scrim" />
        <Dialog.Popup
          ref={popup}
          initialFocus={popup}
          className={classNames(OVERLAY, "fixed inset-2 flex flex-col gap-2 overflow-y-auto !bg-page p-3")}
        >
          <Dialog.Title className="sr-only">{metricKey} in full</Dialog.Title>
          <header className="flex items-start gap-2">
            <div className="min-w-0 flex-1">
              <ChartToolbar {...{ settings, metricKeys }} hasGroups={groups !== undefined} live={page.live} isFull />
            </div>
            <Dialog.Close render={<IconButton label="Close" icon={<X size={16} aria-hidden />} />} />
          </header>
          {isGrouped && <SampleNote groups={groups} className="" />}
          <ChartCard
            {...{ metricKey, source, settings, hover: page.hover }}
            height={Math.max(240, innerHeight - framePx())}
          />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
