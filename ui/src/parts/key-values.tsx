import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

export interface KeyValueRow {
  name: string;
  value: ReactNode;
  /** The value is a control or more, higher than a line of text. */
  isControl?: boolean;
}

/** Names with their values, one a line. */
export function KeyValues({ rows, label }: { rows: readonly KeyValueRow[]; label: string }) {
  return (
    <dl aria-label={label} className="grid grid-cols-[minmax(96px,max-content)_minmax(0,1fr)]">
      {rows.map((row) => (
        <div
          key={row.name}
          className={classNames(
            "col-span-2 grid grid-cols-subgrid gap-x-4 border-line border-b py-1",
            row.isControl ? "items-center" : "items-baseline",
          )}
        >
          <dt className="max-w-60 text-ink-muted wrap-anywhere">{row.name}</dt>
          <dd className="min-w-0 wrap-anywhere">{row.value}</dd>
        </div>
      ))}
    </dl>
  );
}
