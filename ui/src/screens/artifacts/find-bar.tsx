import { ChevronDown, ChevronUp, X } from "lucide-react";
import type { KeyboardEvent, Ref } from "react";
import { Button, IconButton } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { SearchField } from "../../parts/text-field.tsx";
import { placeOf } from "./find-lines.ts";
import type { Find } from "./use-find.ts";

interface FindBarProps {
  ref: Ref<HTMLInputElement>;
  find: Find;
  words: string;
  onWords: (words: string) => void;
  /** The line in hand. */
  current: number | undefined;
  /** 1 for the next line, -1 for the one before. */
  onStep: (by: 1 | -1) => void;
  onClose: () => void;
  /** Not all of the file is shown, nor searched. */
  isPart: boolean;
}

/** Words that are sought in a file. Enter goes to the next line, with Shift to the one before; Escape ends it. */
export function FindBar({ ref, find, words, onWords, current, onStep, onClose, isPart }: FindBarProps) {
  const { lines, isSearching, isPaused, setPaused } = find;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape") onClose();
    else onStep(event.shiftKey ? -1 : 1);
  };
  return (
    <search className="flex h-9 shrink-0 items-center gap-1 border-line border-b pr-1 pl-3">
      <SearchField
        ref={ref}
        label="Find in the file"
        value={words}
        onValueChange={onWords}
        onKeyDown={onKeyDown}
        className="max-w-60 flex-1"
      />
      <IconButton
        label="Previous line"
        shortcut="Shift Enter"
        icon={<ChevronUp size={14} aria-hidden />}
        onClick={() => onStep(-1)}
        disabled={lines.length === 0}
      />
      <IconButton
        label="Next line"
        shortcut="Enter"
        icon={<ChevronDown size={14} aria-hidden />}
        onClick={() => onStep(1)}
        disabled={lines.length === 0}
      />
      <span role="status" className="min-w-0 truncate px-1 text-ink-muted text-sm">
        {words !== "" && countText(lines, current, isSearching)}
        {words !== "" && isPart && !isSearching && " in this part"}
      </span>
      {(isSearching || isPaused) && (
        <Button kind="quiet" onClick={() => setPaused(!isPaused)}>
          {isPaused ? "Search on" : "Stop"}
        </Button>
      )}
      <IconButton label="Close the search" icon={<X size={14} aria-hidden />} onClick={onClose} className="ml-auto" />
    </search>
  );
}

function countText(lines: readonly number[], current: number | undefined, isSearching: boolean): string {
  if (lines.length === 0) return isSearching ? "Searching…" : "No line has it";
  const count = `${formatCount(lines.length)}${isSearching ? " so far" : ""}`;
  const place = current === undefined ? lines.length : placeOf(lines, current);
  if (lines[place] === current) return `${formatCount(place + 1)} of ${count}`;
  return `${count} ${lines.length === 1 ? "line" : "lines"}`;
}
