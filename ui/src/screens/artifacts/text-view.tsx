import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { formatBytes, formatCount } from "../../parts/format.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Segmented, Switch } from "../../parts/toggles.tsx";
import { useFileParts } from "./file-parts.ts";
import { Note } from "./note.tsx";
import { LineParser } from "./parsers.ts";

const LINE_PX = 18;

/** Text, read as the reader scrolls; of a log its end, and what is appended to it. */
export function TextView({ url }: { url: string }) {
  const [from, setFrom] = useState<"start" | "end">("start");
  const [isFollowing, setFollowing] = useState(false);
  const isTail = from === "end";
  const file = useFileParts(url, () => new LineParser(), { isTail, isFollowing: isTail && isFollowing });
  const { parser, start, end, total } = file;
  if (file.error !== undefined && end === start) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={file.retry} />;
  }
  const part = `${formatBytes(end - start)} of ${formatBytes(total ?? 0)}`;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <Segmented
          label="Part of the file"
          value={from}
          onValueChange={setFrom}
          segments={[
            { value: "start", label: "From the start" },
            { value: "end", label: "The end" },
          ]}
        />
        {isTail && <Switch label="Follow" isOn={isFollowing} onChange={setFollowing} />}
        <span className="text-ink-muted text-sm">
          {total === undefined
            ? "Loading…"
            : file.isComplete && start === 0
              ? `${formatCount(parser.count)} ${parser.count === 1 ? "line" : "lines"}`
              : `${part} read`}
          {file.isFull && "; download the file for the rest"}
        </span>
      </Note>
      {total === undefined ? (
        <SkeletonRows rows={10} />
      ) : parser.count === 0 ? (
        <p className="p-4 text-ink-muted">The file is empty.</p>
      ) : (
        <Lines
          count={parser.count}
          longest={parser.longest}
          line={(index) => parser.line(index)}
          isNumbered={start === 0}
          isAtEnd={isTail}
          onEndNear={file.more}
        />
      )}
    </div>
  );
}

interface LinesProps {
  count: number;
  /** Characters of the longest line. */
  longest: number;
  line: (index: number) => string;
  isNumbered?: boolean;
  /** Keeps the last line in sight. */
  isAtEnd?: boolean;
  onEndNear?: () => void;
}

/** Lines of text of which only those in sight exist. */
export function Lines({ count, longest, line, isNumbered = false, isAtEnd = false, onEndNear }: LinesProps) {
  const scroller = useRef<HTMLElement>(null);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 30,
  });
  const last = virtualizer.range?.endIndex ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a part that came may leave the end near still
  useEffect(() => {
    if (last >= count - 200) onEndNear?.();
  }, [last, count]);
  useEffect(() => {
    if (isAtEnd) virtualizer.scrollToIndex(count - 1, { align: "end" });
  }, [isAtEnd, count, virtualizer]);
  const gutter = isNumbered ? String(count).length + 2 : 1;
  return (
    <section
      ref={scroller}
      aria-label="Text of the file"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
      tabIndex={0}
      className="min-h-0 flex-1 overflow-auto font-mono text-sm -outline-offset-2"
    >
      <div
        className="relative min-w-full"
        style={{ height: virtualizer.getTotalSize(), width: `${longest + gutter + 2}ch` }}
      >
        {virtualizer.getVirtualItems().map(({ index, start }) => (
          <div
            key={index}
            className="absolute top-0 left-0 flex h-[18px] whitespace-pre leading-[18px]"
            style={{ transform: `translateY(${start}px)` }}
          >
            <span
              aria-hidden
              className="shrink-0 select-none pr-[1ch] text-right text-ink-faint"
              style={{ width: `${gutter}ch` }}
            >
              {isNumbered ? index + 1 : ""}
            </span>
            <span>{line(index)}</span>
          </div>
        ))}
      </div>
    </section>
  );
}
