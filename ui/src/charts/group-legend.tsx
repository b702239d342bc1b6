import { classNames } from "../parts/class-names.ts";
import { formatCount } from "../parts/format.ts";
import type { ChartGroup } from "./group-store.ts";
import { groupStyle } from "./group-style.ts";
import { LineMark } from "./line-mark.tsx";

interface GroupLegendProps {
  groups: readonly ChartGroup[];
  className: string;
}

/** The colours of groups, with the numbers of their runs. */
export function GroupLegend({ groups, className }: GroupLegendProps) {
  return (
    <ul
      aria-label="Groups"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      className={classNames("flex max-h-12 flex-wrap gap-x-4 overflow-y-auto text-sm", className)}
    >
      {groups.map(
        ({ label, runIds }, index) =>
          runIds.length > 0 && (
            <li key={label} className="flex min-w-0 items-center gap-1.5">
              <LineMark {...groupStyle(index)} />
              <span className="max-w-60 truncate" title={label}>
                {label}
              </span>
              <span className="text-ink-faint">({formatCount(runIds.length)})</span>
            </li>
          ),
      )}
    </ul>
  );
}
