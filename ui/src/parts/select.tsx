import { Combobox as BaseCombobox } from "@base-ui/react/combobox";
import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronDown } from "lucide-react";
import { classNames, FIELD, OVERLAY, OVERLAY_ITEM } from "./class-names.ts";

export interface Option<Value extends string = string> {
  value: Value;
  label: string;
}

interface SelectProps<Value extends string> {
  label: string;
  value: Value;
  onValueChange: (value: Value) => void;
  options: readonly Option<Value>[];
  isDisabled?: boolean;
  className?: string;
}

const LIST = classNames(
  OVERLAY,
  "max-h-[min(320px,var(--available-height))] min-w-(--anchor-width) overflow-y-auto p-1",
);

/** A select in a form, below its label. */
export function SelectField<Value extends string>(props: SelectProps<Value>) {
  return (
    <div className="flex flex-col gap-1">
      <span className="font-medium" aria-hidden>
        {props.label}
      </span>
      <Select {...props} />
    </div>
  );
}

/** One of a few values. */
export function Select<Value extends string>(props: SelectProps<Value>) {
  const { label, value, onValueChange, options, isDisabled = false, className } = props;
  return (
    <Base.Root
      value={value}
      onValueChange={(next) => next !== null && onValueChange(next)}
      items={options}
      disabled={isDisabled}
    >
      <Base.Trigger
        aria-label={label}
        className={classNames(FIELD, "inline-flex min-w-0 items-center gap-1.5 select-none hover:bg-hover", className)}
      >
        <span className="min-w-0 flex-1 truncate text-left">
          <Base.Value />
        </span>
        <ChevronDown size={14} aria-hidden className="shrink-0 text-ink-muted" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner alignItemWithTrigger={false} sideOffset={4} collisionPadding={8}>
          <Base.Popup className={LIST}>
            {options.map((option) => (
              <Base.Item key={option.value} value={option.value} className={OVERLAY_ITEM}>
                <Base.ItemText className="flex-1">{option.label}</Base.ItemText>
                <Base.ItemIndicator>
                  <Check size={14} aria-hidden />
                </Base.ItemIndicator>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface ComboboxProps {
  label: string;
  placeholder?: string;
  value: string | null;
  onValueChange: (value: string | null) => void;
  options: readonly string[];
  /** The text if no option matches. */
  emptyText?: string;
  className?: string;
}

/** One of many values, found by typing. Shows at most 200 matches. */
export function Combobox(props: ComboboxProps) {
  const { label, placeholder, value, onValueChange, options, emptyText = "Nothing matches.", className } = props;
  return (
    <BaseCombobox.Root items={options} value={value} onValueChange={onValueChange} limit={200}>
      <BaseCombobox.Input
        aria-label={label}
        placeholder={placeholder ?? label}
        className={classNames(FIELD, "min-w-0", className)}
      />
      <BaseCombobox.Portal>
        <BaseCombobox.Positioner sideOffset={4} collisionPadding={8}>
          <BaseCombobox.Popup className={LIST}>
            <BaseCombobox.Empty className="px-2 py-1 text-ink-muted empty:hidden">{emptyText}</BaseCombobox.Empty>
            <BaseCombobox.List>
              {(option: string) => (
                <BaseCombobox.Item key={option} value={option} className={OVERLAY_ITEM}>
                  <span className="min-w-0 flex-1 wrap-anywhere">{option}</span>
                  <BaseCombobox.ItemIndicator>
                    <Check size={14} aria-hidden />
                  </BaseCombobox.ItemIndicator>
                </BaseCombobox.Item>
              )}
            </BaseCombobox.List>
          </BaseCombobox.Popup>
        </BaseCombobox.Positioner>
      </BaseCombobox.Portal>
    </BaseCombobox.Root>
  );
}
