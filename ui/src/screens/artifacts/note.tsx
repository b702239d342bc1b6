import type { ReactNode } from "react";
import { Button } from "../../parts/button.tsx";
import type { FileParts } from "./file-parts.ts";

/** The line above a file's content: its controls, and notes on missing parts. */
export function Note({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-3 py-1">
      {children}
    </div>
  );
}

/** Says that the next part of a file could not be read. */
export function PartError({ file: { error, retry } }: { file: Pick<FileParts<unknown>, "error" | "retry"> }) {
  if (error === undefined) return null;
  return (
    <span role="alert" className="text-danger text-sm">
      The rest could not be read{error instanceof Error && `: ${error.message}`}
      <Button kind="quiet" onClick={retry}>
        Try again
      </Button>
    </span>
  );
}
