import type { ReactNode } from "react";

/** The line above what is shown of a file: its choices, and what is left out. */
export function Note({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-3 py-1">
      {children}
    </div>
  );
}
