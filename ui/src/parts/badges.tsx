import { Ban, CircleAlert, CircleCheck, CircleDashed, CirclePause, CircleX, X } from "lucide-react";
import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

/** A run's status, or `STALLED` for a run with the status RUNNING that has logged nothing for a while. */
export type StatusName = "RUNNING" | "FINISHED" | "FAILED" | "KILLED" | "SCHEDULED" | "STALLED";

const STATUSES: Record<StatusName, { label: string; icon: typeof Ban; colour: string }> = {
  RUNNING: { label: "Running", icon: CircleDashed, colour: "text-info" },
  FINISHED: { label: "Finished", icon: CircleCheck, colour: "text-success" },
  FAILED: { label: "Failed", icon: CircleX, colour: "text-danger" },
  KILLED: { label: "Killed", icon: Ban, colour: "text-danger" },
  SCHEDULED: { label: "Scheduled", icon: CirclePause, colour: "text-ink-muted" },
  STALLED: { label: "Stalled", icon: CircleAlert, colour: "text-warning" },
};

interface StatusProps {
  status: StatusName;
  /** Only the icon is seen: in dense tables. */
  isCompact?: boolean;
  /** More than the name, such as since when it is stalled. */
  title?: string;
}

export function Status({ status, isCompact = false, title }: StatusProps) {
  const { label, icon: Icon, colour } = STATUSES[status];
  return (
    <span className={classNames("inline-flex items-baseline gap-1.5 whitespace-nowrap", colour)} title={title ?? label}>
      <Icon size={14} aria-hidden className="shrink-0 self-center" />
      <span className={isCompact ? "sr-only" : undefined}>{label}</span>
    </span>
  );
}

const TONES = {
  neutral: "bg-surface text-ink-muted",
  accent: "bg-selected text-accent",
  info: "bg-info-surface text-info",
  success: "bg-success-surface text-success",
  warning: "bg-warning-surface text-warning",
  danger: "bg-danger-surface text-danger",
};

/** A word about something: a stage, an alias, a kind. */
export function Badge({ tone = "neutral", children }: { tone?: keyof typeof TONES; children: ReactNode }) {
  return (
    <span
      className={classNames(
        "inline-flex h-5 min-w-0 max-w-full items-center rounded-sm px-1.5 text-sm whitespace-nowrap",
        TONES[tone],
      )}
    >
      <span className="truncate">{children}</span>
    </span>
  );
}

interface TagProps {
  name: string;
  value?: string;
  /** Pressing the tag, such as to filter by it. */
  onSelect?: () => void;
  onRemove?: () => void;
}

/** A tag `name: value`. A long tag is cut off, and its title has the whole text. */
export function Tag({ name, value, onSelect, onRemove }: TagProps) {
  const text = value === undefined || value === "" ? name : `${name}: ${value}`;
  const words = (
    <>
      <span className="truncate">{name}</span>
      {value !== undefined && value !== "" && <span className="truncate text-ink">{value}</span>}
    </>
  );
  const inner = "flex min-w-0 items-center gap-1.5 px-1.5";
  return (
    <span
      title={text}
      className={classNames(
        "inline-flex max-w-60 items-stretch rounded-sm border border-line bg-surface text-ink-muted text-sm",
        // A target for pressing has at least 24 px.
        onRemove ? "h-6.5" : "h-5",
      )}
    >
      {onSelect === undefined ? (
        <span className={inner}>{words}</span>
      ) : (
        <button type="button" className={classNames(inner, "hover:bg-hover")} onClick={onSelect}>
          {words}
        </button>
      )}
      {onRemove !== undefined && (
        <button
          type="button"
          aria-label={`Remove tag ${name}`}
          className="flex w-6 shrink-0 items-center justify-center hover:bg-hover hover:text-ink"
          onClick={onRemove}
        >
          <X size={12} aria-hidden />
        </button>
      )}
    </span>
  );
}
