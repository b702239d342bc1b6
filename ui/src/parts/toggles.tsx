import { Checkbox as BaseCheckbox } from "@base-ui/react/checkbox";
import { Switch as BaseSwitch } from "@base-ui/react/switch";
import { Check, Minus } from "lucide-react";
import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

interface OnOffProps {
  label: ReactNode;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  isDisabled?: boolean;
  className?: string;
}

interface CheckboxProps extends Omit<OnOffProps, "label"> {
  label: string;
  /** The label is for readers only. */
  isLabelHidden?: boolean;
  /** Neither on nor off: some of the items are on. */
  isMixed?: boolean;
}

export function Checkbox(props: CheckboxProps) {
  const { label, isLabelHidden = false, isOn, isMixed = false, onChange, isDisabled = false, className } = props;
  const box = (
    <BaseCheckbox.Root
      checked={isOn}
      indeterminate={isMixed}
      onCheckedChange={(next) => onChange(next)}
      disabled={isDisabled}
      {...(isLabelHidden && { "aria-label": label })}
      className={
        "flex size-4 shrink-0 items-center justify-center rounded-sm border border-line-strong bg-page text-on-accent " +
        "data-checked:border-accent data-checked:bg-accent data-disabled:opacity-50 " +
        "data-indeterminate:border-accent data-indeterminate:bg-accent"
      }
    >
      <BaseCheckbox.Indicator>
        {isMixed ? <Minus size={12} aria-hidden /> : <Check size={12} aria-hidden />}
      </BaseCheckbox.Indicator>
    </BaseCheckbox.Root>
  );
  if (isLabelHidden) return <span className={classNames("inline-flex", className)}>{box}</span>;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the box within
    <label className={classNames("flex min-h-7 items-center gap-2", className)}>
      {box}
      {label}
    </label>
  );
}

export function Switch({ label, isOn, onChange, isDisabled = false, className }: OnOffProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the switch within
    <label className={classNames("flex min-h-7 items-center gap-2", className)}>
      <BaseSwitch.Root
        checked={isOn}
        onCheckedChange={(next) => onChange(next)}
        disabled={isDisabled}
        className={
          "flex h-4 w-7 shrink-0 items-center rounded-full border border-line-strong bg-surface p-px transition-colors " +
          "data-checked:border-accent data-checked:bg-accent data-disabled:opacity-50"
        }
      >
        <BaseSwitch.Thumb className="size-3 rounded-full bg-line-strong transition-transform data-checked:translate-x-3 data-checked:bg-on-accent" />
      </BaseSwitch.Root>
      {label}
    </label>
  );
}
