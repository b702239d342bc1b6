import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { formatBytes, formatCount } from "../../parts/format.ts";
import { Segmented } from "../../parts/segmented.tsx";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Switch } from "../../parts/toggles.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { extensionOf } from "./file-kinds.ts";
import { type FileParts, useFileParts } from "./file-parts.ts";
import { Note, PartError } from "./note.tsx";
import { LineParser } from "./parsers.ts";
import { useShownPlace } from "./shown-place.ts";
import { Highlighter, type TokenKind } from "./syntax.ts";

const LINE_PX = 18;
/** Larger files have a slider to any place of them. */
const SLIDER_FROM_BYTES = 4 * 1024 * 1024;
const SLIDER_STEPS = 1000;

/** Text, read as the reader scrolls, from any place; of a log its end, and what is appended to it. */
export function TextView({ url, path }: { url: string; path: string }) {
  const { from = 0, change } = useShownPlace();
  const [isFollowing, setFollowing] = useState(false);
  const isTail = from === "end";
  const file = useFileParts(url, (isCut) => new LineParser(isCut), { from, isFollowing: isTail && isFollowing });
  const { parser, start, end, total } = file;
  const knownTotal = useRef(0);
  knownTotal.current = total ?? knownTotal.current;
  // biome-ignore lint/correctness/useExhaustiveDependencies: other lines have other blocks open
  const highlighter = useMemo(() => new Highlighter(path), [path, from]);
  if (file.error !== undefined && end === start) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={file.retry} />;
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        {(from !== 0 || end < (total ?? 0) || isLogName(path)) && (
          <Segmented
            label="Part of the file"
            value={from === 0 || isTail ? String(from) : ""}
            onValueChange={(next) => change({ from: next === "end" ? next : undefined })}
            segments={[
              { value: "0", label: "From the start" },
              { value: "end", label: "The end" },
            ]}
          />
        )}
        {isTail && <Switch label="Follow" isOn={isFollowing} onChange={setFollowing} />}
        {knownTotal.current > SLIDER_FROM_BYTES && <PlaceSlider total={knownTotal.current} />}
        <span className="text-ink-muted text-sm">
          {readText(file)}
          {file.isFull && "; move on to read the rest"}
        </span>
        <PartError file={file} />
      </Note>
      {total === undefined ? (
        <SkeletonRows rows={10} />
      ) : parser.count === 0 ? (
        <p className="p-4 text-ink-muted">The file is empty.</p>
      ) : (
        <Lines
          key={from}
          count={parser.count}
          longest={parser.longest}
          line={(index) => <Coloured highlighter={highlighter} parser={parser} index={index} />}
          isNumbered={start === 0}
          isAtEnd={isTail}
          onEndNear={file.more}
        />
      )}
    </div>
  );
}

/** Of such a file the end is asked for, however short it is now. */
function isLogName(path: string): boolean {
  return ["log", "out", "err"].includes(extensionOf(path));
}

function readText({ parser, start, end, total, isComplete }: FileParts<LineParser>): string {
  if (total === undefined) return "Loading…";
  if (isComplete && start === 0) return `${formatCount(parser.count)} ${parser.count === 1 ? "line" : "lines"}`;
  const part = `${formatBytes(end - start)} of ${formatBytes(total)}`;
  if (start === 0) return `The first ${part}`;
  return isComplete ? `The last ${part}` : `${part}, from ${formatBytes(start)} on`;
}

/** Any place of a file that is too large to scroll through. */
function PlaceSlider({ total }: { total: number }) {
  const { from = 0, change } = useShownPlace();
  const share = String(Math.round(((from === "end" ? total : from) / total) * SLIDER_STEPS));
  const [text, setText] = useAddressText(share, (next) =>
    change({ from: Math.floor((Number(next ?? 0) / SLIDER_STEPS) * total) || undefined }),
  );
  return (
    <input
      type="range"
      aria-label="Place in the file"
      aria-valuetext={`From ${formatBytes(Math.floor((Number(text) / SLIDER_STEPS) * total))} on`}
      min={0}
      max={SLIDER_STEPS}
      value={text}
      onChange={({ target }) => setText(target.value)}
      className="w-48 min-w-0 accent-accent"
    />
  );
}

const COLOURS: Record<TokenKind, string> = {
  ...{ comment: "text-ink-faint", string: "text-success", number: "text-info", word: "text-accent" },
  ...{ key: "text-accent-strong", danger: "text-danger", warning: "text-warning", success: "text-success" },
};

function Coloured({ highlighter, parser, index }: { highlighter: Highlighter; parser: LineParser; index: number }) {
  return highlighter
    .tokens(index, (at) => parser.line(at))
    .map(({ text, kind }, at) =>
      kind === undefined ? (
        text
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no identity but their place
        <span key={at} className={COLOURS[kind]}>
          {text}
        </span>
      ),
    );
}

interface LinesProps {
  count: number;
  /** Characters of the longest line. */
  longest: number;
  line: (index: number) => ReactNode;
  isNumbered?: boolean;
  /** Keeps the last line in sight, until the reader scrolls up. */
  isAtEnd?: boolean;
  onEndNear?: () => void;
}

/** Lines of text of which only those in sight exist. */
export function Lines({ count, longest, line, isNumbered = false, isAtEnd = false, onEndNear }: LinesProps) {
  const scroller = useRef<HTMLElement>(null);
  const isLastInSight = useRef(true);
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
    if (isAtEnd && isLastInSight.current) virtualizer.scrollToIndex(count - 1, { align: "end" });
  }, [isAtEnd, count, virtualizer]);
  const gutter = isNumbered ? String(count).length + 2 : 1;
  return (
    <section
      ref={scroller}
      aria-label="Text of the file"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isLastInSight.current = scrollHeight - scrollTop - clientHeight < 2 * LINE_PX;
      }}
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
