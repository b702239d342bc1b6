import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

export interface Segment<Value extends string> {
  value: Value;
  label: string;
  /** An icon in place of the label, which then is its name. */
  icon?: ReactNode;
}

interface SegmentedProps<Value extends string> {
  label: string;
  value: Value;
  onValueChange: (value: Value) => void;
  segments: readonly Segment<Value>[];
  className?: string;
}

/** One of two to five values, all in sight. Plain buttons: the first screen needs them, and Base UI's take 12 KB. */
export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
  const { label, value, onValueChange, segments, className } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset does not lay out its children in a row
    <div
      role="group"
      aria-label={label}
      className={classNames("inline-flex h-7 shrink-0 rounded border border-line-strong", className)}
    >
      {segments.map((segment) => (
        <button
          key={segment.value}
          type="button"
          aria-pressed={segment.value === value}
          onClick={() => onValueChange(segment.value)}
          {...(segment.icon !== undefined && { "aria-label": segment.label, title: segment.label })}
          className={
            "flex items-center px-2 text-ink-muted first:rounded-l-[3px] last:rounded-r-[3px] hover:bg-hover " +
            "aria-pressed:bg-selected aria-pressed:text-ink"
          }
        >
          {segment.icon ?? segment.label}
        </button>
      ))}
    </div>
  );
}
