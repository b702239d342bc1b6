interface SelectAllProps {
  /** How many rows can be selected. */
  of: number;
  selected: number;
  onToggle: () => void;
}

/** The check box in the head of a grid: on if all rows are selected, mixed if some rows are. */
export function SelectAll({ of, selected, onToggle }: SelectAllProps) {
  return (
    <input
      type="checkbox"
      aria-label="Select all"
      checked={of > 0 && selected >= of}
      ref={(box) => {
        if (box) box.indeterminate = selected > 0 && selected < of;
      }}
      onChange={onToggle}
      className="size-3.5 shrink-0 accent-accent"
    />
  );
}
