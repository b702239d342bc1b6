import { Link2, Printer, Table2 } from "lucide-react";
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { formatCount, formatTime } from "../../parts/format.ts";
import { say, sayFailed } from "../../parts/toast.tsx";
import { ShareButton } from "../share/share-button.tsx";
import { shownAddress } from "../share/shown-address.ts";
import { NameField } from "./name-field.tsx";

interface ReportHeaderProps {
  title: string;
  /** The runs' experiments. */
  subject: string;
  /** The number of runs in the report, and their filter. */
  runs: number;
  filter: string;
  onTitle: (title: string) => void;
  experimentIds: readonly string[];
  /** Returns to the table from which the report was made. */
  onTable: () => void;
}

/** The head of a report: its runs and its date. The printed page has no buttons. */
export function ReportHeader({ title, subject, runs, filter, onTitle, experimentIds, onTable }: ReportHeaderProps) {
  const [isNaming, setNaming] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(location.href).then(
      () => say("Copied the link: whoever may see the runs sees the report."),
      (error: unknown) => sayFailed("The link could not be copied.", error),
    );
  };
  return (
    <header className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 px-3 pt-3 wide:px-4">
      <h1 className="flex min-w-0 text-xl">
        {isNaming ? (
          <NameField
            name={title}
            onEnd={(next) => {
              setNaming(false);
              if (next !== undefined) onTitle(next);
            }}
          />
        ) : (
          <button
            type="button"
            title="Press to change the title"
            onClick={() => setNaming(true)}
            className="min-w-0 text-left font-semibold wrap-anywhere"
          >
            {title}
          </button>
        )}
      </h1>
      <p className="min-w-0 flex-1 text-ink-muted">
        {formatCount(runs)} {runs === 1 ? "run" : "runs"} of {subject}
        {filter !== "" && `, ${filter}`}
        <span className="hidden print:inline">, as of {formatTime(Date.now())}</span>
      </p>
      <div className="flex items-center gap-1 print:hidden">
        <Button icon={<Table2 size={14} aria-hidden />} onClick={onTable}>
          Table
        </Button>
        <Button icon={<Link2 size={14} aria-hidden />} onClick={copy}>
          Copy link
        </Button>
        <ShareButton
          name={title}
          thing={{ experiment_ids: experimentIds, address: shownAddress() }}
          experimentIds={experimentIds}
        />
        <Button kind="primary" icon={<Printer size={14} aria-hidden />} onClick={() => print()}>
          Print
        </Button>
      </div>
    </header>
  );
}
