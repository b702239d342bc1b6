import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { classNames } from "./class-names.ts";

export type ButtonKind = "plain" | "primary" | "danger" | "quiet";

const KINDS: Record<ButtonKind, string> = {
  plain: "border-line-strong bg-page text-ink hover:bg-hover",
  primary: "border-accent bg-accent text-on-accent hover:border-accent-strong hover:bg-accent-strong",
  danger: "border-danger bg-page text-danger hover:bg-danger-surface",
  quiet: "border-transparent bg-transparent text-ink hover:bg-hover",
};

const BASE =
  "inline-flex h-7 shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded border text-base " +
  "no-underline transition-colors select-none hover:no-underline disabled:pointer-events-none disabled:opacity-50 " +
  "data-popup-open:bg-hover aria-pressed:bg-selected";

/** The class of a button: for links that look like one. */
export function buttonClass(kind: ButtonKind = "plain"): string {
  return classNames(BASE, KINDS[kind], "px-2.5");
}

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: ButtonKind;
  icon?: ReactNode;
  /** While true, the button keeps its width, tells screen readers that it is busy, and cannot be pressed. */
  isBusy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind, icon, isBusy = false, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
      className={classNames(buttonClass(kind), className)}
    >
      {icon}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  /** The action: its accessible name and its tooltip. */
  label: string;
  icon: ReactNode;
  kind?: ButtonKind;
  /** Shown in the tooltip, such as `Ctrl K`. */
  shortcut?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ label, icon, kind = "quiet", shortcut, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      data-tooltip={shortcut === undefined ? label : `${label} (${shortcut})`}
      {...rest}
      className={classNames(BASE, KINDS[kind], "w-7", className)}
    >
      {icon}
    </button>
  );
}

/** The text of a button with an icon. On phones only screen readers get the text. */
export function ButtonWords({ children }: { children: ReactNode }) {
  return <span className="sr-only wide:not-sr-only">{children}</span>;
}
