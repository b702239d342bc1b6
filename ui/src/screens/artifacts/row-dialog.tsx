import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { formatCount } from "../../parts/format.ts";

interface RowDialogProps {
  columns: readonly string[];
  cell: (row: number, column: number) => string | undefined;
  picture?: ((row: number, column: number) => ReactNode) | undefined;
  /** In the file. */
  row: number;
  /** Among the rows that are listed, in their order. */
  place: number;
  /** How many are listed. */
  count: number;
  onPlace: (place: number) => void;
  onClose: () => void;
}

/** One row of a table, with its texts as a whole. */
export function RowDialog({ columns, cell, picture, row, place, count, onPlace, onClose }: RowDialogProps) {
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Row ${formatCount(row + 1)}`}
      width="broad"
      footer={
        <>
          <Button icon={<ChevronLeft size={14} aria-hidden />} disabled={place <= 0} onClick={() => onPlace(place - 1)}>
            Previous
          </Button>
          <Button
            icon={<ChevronRight size={14} aria-hidden />}
            disabled={place >= count - 1}
            onClick={() => onPlace(place + 1)}
          >
            Next
          </Button>
        </>
      }
    >
      <dl className="flex flex-col gap-3">
        {columns.map((name, column) => {
          const text = cell(row, column) ?? "";
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: columns may have the same name
            <div key={column} className="min-w-0">
              <dt className="flex items-center gap-1 text-ink-muted text-sm">
                {name || `column ${column + 1}`}
                {text !== "" && <CopyButton text={text} label={`Copy ${name}`} />}
              </dt>
              <dd className="wrap-anywhere whitespace-pre-wrap">{picture?.(row, column) ?? (text || "–")}</dd>
            </div>
          );
        })}
      </dl>
    </Dialog>
  );
}
