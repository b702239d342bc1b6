import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { classNames } from "./class-names.ts";

interface EmptyStateProps {
  title: string;
  /** What the reader can do. */
  children?: ReactNode;
  /** Buttons or links. */
  actions?: ReactNode;
}

/** Shown in place of empty content, with what the reader can do. */
export function EmptyState({ title, children, actions }: EmptyStateProps) {
  return (
    <div className="m-auto flex max-w-[480px] flex-col items-center gap-2 p-8 text-center">
      <h2 className="text-lg">{title}</h2>
      {children !== undefined && <div className="text-ink-muted">{children}</div>}
      {actions !== undefined && <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}

interface ErrorStateProps {
  /** What failed: `These runs could not be loaded.` */
  title: string;
  error: unknown;
  /** What the reader can do besides trying again. */
  children?: ReactNode;
  onRetry?: () => void;
}

/** Shown in place of content that failed: what failed, the server's own reason, and what the reader can do. */
export function ErrorState({ title, error, children, onRetry }: ErrorStateProps) {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return (
    <div role="alert" className="m-auto flex max-w-[560px] flex-col items-center gap-2 p-8 text-center">
      <h2 className="text-lg">{title}</h2>
      <p className="text-ink-muted wrap-anywhere">{error instanceof Error ? error.message : String(error)}</p>
      {code !== undefined && <p className="font-mono text-ink-faint text-sm">{code}</p>}
      {children !== undefined && <div className="text-ink-muted">{children}</div>}
      {onRetry !== undefined && (
        <Button className="mt-2" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** A grey bar in place of text that is being loaded. Give it the width of the text. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={classNames("block h-3 animate-pulse rounded-sm bg-hover", className)} />;
}

const ROW_WIDTHS = ["w-2/3", "w-1/2", "w-3/4", "w-3/5"];

/** Rows of a table that is being loaded, with the height of its rows. */
export function SkeletonRows({ rows = 8, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="w-full">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without content have no identity but their place
        <div key={row} className="flex h-row items-center border-line border-b px-3 wide:px-4">
          <Skeleton className={ROW_WIDTHS[row % ROW_WIDTHS.length] ?? ""} />
        </div>
      ))}
    </div>
  );
}
