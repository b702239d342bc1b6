import { Search, X } from "lucide-react";
import { type InputHTMLAttributes, type ReactNode, type Ref, type TextareaHTMLAttributes, useId } from "react";
import { classNames, FIELD } from "./class-names.ts";

interface LabelledProps {
  label: string;
  /** The label is for readers only. */
  isLabelHidden?: boolean;
  hint?: ReactNode;
  /** The mistake in the value. */
  error?: string | undefined;
}

interface LayoutProps extends LabelledProps {
  id: string;
  className?: string | undefined;
  children: ReactNode;
}

function Labelled({ id, label, isLabelHidden, hint, error, className, children }: LayoutProps) {
  return (
    <div className={classNames("flex min-w-0 flex-col gap-1", className)}>
      <label htmlFor={id} className={isLabelHidden ? "sr-only" : "font-medium"}>
        {label}
      </label>
      {children}
      {error !== undefined && (
        <p id={`${id}-note`} role="alert" className="text-danger text-sm">
          {error}
        </p>
      )}
      {error === undefined && hint !== undefined && (
        <p id={`${id}-note`} className="text-ink-muted text-sm">
          {hint}
        </p>
      )}
    </div>
  );
}

export interface TextFieldProps
  extends LabelledProps,
    Omit<InputHTMLAttributes<HTMLInputElement>, "value" | "onChange"> {
  value: string;
  onValueChange: (value: string) => void;
  ref?: Ref<HTMLInputElement>;
}

export function TextField(props: TextFieldProps) {
  const { label, isLabelHidden, hint, error, value, onValueChange, className, ...rest } = props;
  const id = useId();
  const hasNote = error !== undefined || hint !== undefined;
  return (
    <Labelled {...{ id, label, hint, error, className }} isLabelHidden={isLabelHidden ?? false}>
      <input
        {...rest}
        id={id}
        value={value}
        onChange={(event) => onValueChange(event.target.value)}
        aria-invalid={error !== undefined}
        aria-describedby={hasNote ? `${id}-note` : undefined}
        className={classNames(FIELD, "w-full min-w-0")}
      />
    </Labelled>
  );
}

export interface TextAreaProps
  extends LabelledProps,
    Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "value" | "onChange"> {
  value: string;
  onValueChange: (value: string) => void;
}

export function TextArea(props: TextAreaProps) {
  const { label, isLabelHidden, hint, error, value, onValueChange, className, rows = 6, ...rest } = props;
  const id = useId();
  const hasNote = error !== undefined || hint !== undefined;
  return (
    <Labelled {...{ id, label, hint, error, className }} isLabelHidden={isLabelHidden ?? false}>
      <textarea
        {...rest}
        id={id}
        rows={rows}
        value={value}
        onChange={(event) => onValueChange(event.target.value)}
        aria-invalid={error !== undefined}
        aria-describedby={hasNote ? `${id}-note` : undefined}
        className={classNames(FIELD, "h-auto w-full py-1 font-mono text-sm")}
      />
    </Labelled>
  );
}

export interface SearchFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "value" | "onChange"> {
  label: string;
  value: string;
  onValueChange: (value: string) => void;
  ref?: Ref<HTMLInputElement>;
}

/** A search box; Escape and the cross empty it. */
export function SearchField({ label, value, onValueChange, className, onKeyDown, ...rest }: SearchFieldProps) {
  return (
    <div className={classNames("relative flex min-w-0 items-center", className)}>
      <Search size={14} aria-hidden className="pointer-events-none absolute left-2 text-ink-faint" />
      <input
        placeholder={label}
        {...rest}
        type="search"
        aria-label={label}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => onValueChange(event.target.value)}
        onKeyDown={(event) => {
          onKeyDown?.(event);
          if (event.key === "Escape" && value !== "") {
            event.stopPropagation();
            onValueChange("");
          }
        }}
        className={classNames(FIELD, "w-full min-w-0 px-7 [&::-webkit-search-cancel-button]:hidden")}
      />
      {value !== "" && (
        <button
          type="button"
          aria-label="Empty the search"
          onClick={() => onValueChange("")}
          className="absolute right-0.5 flex size-6 items-center justify-center rounded-sm text-ink-muted hover:bg-hover"
        >
          <X size={12} aria-hidden />
        </button>
      )}
    </div>
  );
}
