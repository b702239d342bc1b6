import type { ReactNode } from "react";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { SearchField } from "../../parts/text-field.tsx";

const ROW_PX = 28;
const HEADER_PX = 33;
const ROWS_IN_SIGHT = 14;
const MANY_ROWS_IN_SIGHT = 30;
/** From so many lines on a search is worth its place. */
const SEARCH_FROM = 8;

interface ListSectionProps {
  title: string;
  count: number;
  /** How many match the search. */
  found: number;
  words: string;
  onWords: (words: string) => void;
  emptyText: string;
  /** More lines in sight. */
  isWhole: boolean;
  onWhole: (isWhole: boolean) => void;
  note?: string | undefined;
  /** The grid, which fills the height that the number of lines gives. */
  children: ReactNode;
}

/** A list of a run's page under a heading: as high as its lines, up to a limit beyond which it scrolls. */
export function ListSection(props: ListSectionProps) {
  const { title, count, found, words, onWords, emptyText, isWhole, onWhole, note, children } = props;
  const limit = isWhole ? MANY_ROWS_IN_SIGHT : ROWS_IN_SIGHT;
  return (
    <section aria-label={title} className="flex min-w-0 flex-col">
      <div className="flex min-h-9 flex-wrap items-center gap-3 px-3 wide:px-4">
        <h2 className="shrink-0 font-medium">
          {title} <span className="font-normal text-ink-faint">{formatCount(count)}</span>
        </h2>
        {count >= SEARCH_FROM && (
          <SearchField
            label={`Search ${title.toLowerCase()}`}
            value={words}
            onValueChange={onWords}
            className="min-w-28 max-w-56 flex-1"
          />
        )}
        {count > ROWS_IN_SIGHT && (
          <Button kind="quiet" className="text-ink-muted" aria-expanded={isWhole} onClick={() => onWhole(!isWhole)}>
            {isWhole ? "Fewer lines" : "More lines"}
          </Button>
        )}
        {note !== undefined && <span className="text-danger text-sm">{note}</span>}
      </div>
      {count === 0 ? (
        <p className="px-3 pb-2 wide:px-4 text-ink-muted">{emptyText}</p>
      ) : found === 0 ? (
        <p className="px-3 pb-2 wide:px-4 text-ink-muted">Nothing matches the search.</p>
      ) : (
        <div className="flex flex-col" style={{ height: HEADER_PX + ROW_PX * Math.min(found, limit) }}>
          {children}
        </div>
      )}
    </section>
  );
}
