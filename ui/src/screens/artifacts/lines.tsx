import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { classNames } from "../../parts/class-names.ts";

const LINE_PX = 18;
/** Browsers allow no page to be higher than 33 million px. */
const MAX_HEIGHT_PX = 30_000_000;
/** The space beside the line numbers, in characters. */
const MARGIN = 2;

/** The position at which a line is shown. */
export interface LinePlace {
  line: number;
  /** The visible range in the line, in characters. */
  column: number;
}

export interface LinesHand {
  focus: () => void;
  /** The first line in sight. */
  top: () => number;
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
  /**
   * Breaks lines at the edge, unless the page would become too high. `lengthOf` a line and the total are in
   * characters.
   */
  wrap?: { lengthOf: (index: number) => number; characters: number } | undefined;
  /** Comes into sight when it changes. */
  place?: LinePlace | undefined;
  hand?: RefObject<LinesHand | undefined>;
}

/** Lines of text. Only visible lines are rendered. */
export function Lines(props: LinesProps) {
  const { count, longest, line, isNumbered = false, isAtEnd = false, onEndNear, wrap, place, hand } = props;
  const scroller = useRef<HTMLElement>(null);
  const isLastInSight = useRef(true);
  const { widthPx, characterPx } = useSizes(scroller);
  const gutter = isNumbered ? String(count).length + 2 : 1;
  const columns = Math.max(20, Math.floor(widthPx / characterPx) - gutter - MARGIN);
  const isWrapped = wrap !== undefined && widthPx > 0 && (count + wrap.characters / columns) * LINE_PX < MAX_HEIGHT_PX;
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (isWrapped ? Math.max(1, Math.ceil(wrap.lengthOf(index) / columns)) : 1) * LINE_PX,
    overscan: 30,
  });
  const last = virtualizer.range?.endIndex ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a part that came may leave the end near still
  useEffect(() => {
    if (last >= count - 200) onEndNear?.();
  }, [last, count]);
  const brokenAt = isWrapped ? columns : 0;
  // Another width changes the heights of lines. The first line in sight stays the first.
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useLayoutEffect(() => {
    const top = virtualizer.range?.startIndex ?? 0;
    virtualizer.measure();
    if (top > 0) virtualizer.scrollToIndex(top, { align: "start" });
  }, [brokenAt]);
  useEffect(() => {
    if (isAtEnd && isLastInSight.current) virtualizer.scrollToIndex(count - 1, { align: "end" });
  }, [isAtEnd, count, virtualizer]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a place is shown once
  useEffect(() => {
    if (place === undefined) return;
    isLastInSight.current = false;
    virtualizer.scrollToIndex(place.line, { align: "center" });
    const element = scroller.current!;
    const left = (place.column + gutter) * characterPx;
    const isInSight = left > element.scrollLeft && left < element.scrollLeft + widthPx - 20 * characterPx;
    if (!isWrapped && !isInSight) element.scrollLeft = Math.max(0, left - widthPx / 2);
  }, [place]);
  useLayoutEffect(() => {
    if (hand === undefined) return;
    hand.current = {
      focus: () => scroller.current?.focus(),
      top: () => virtualizer.range?.startIndex ?? 0,
    };
    return () => {
      hand.current = undefined;
    };
  }, [hand, virtualizer]);
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
        className={isWrapped ? "relative" : "relative min-w-full"}
        style={{ height: virtualizer.getTotalSize(), width: isWrapped ? "100%" : `${longest + gutter + MARGIN}ch` }}
      >
        {virtualizer.getVirtualItems().map(({ index, start }) => (
          <div
            key={index}
            data-index={index}
            // Most lines have the estimated height; tabs and wide characters make some lines higher.
            ref={isWrapped ? virtualizer.measureElement : undefined}
            className={classNames(
              "absolute top-0 left-0 flex min-h-[18px] leading-[18px]",
              isWrapped ? "whitespace-pre-wrap" : "whitespace-pre",
              index === place?.line && "min-w-full shadow-[inset_2px_0_var(--color-accent)]",
            )}
            style={{ transform: `translateY(${start}px)` }}
          >
            <span
              aria-hidden
              className="shrink-0 select-none pr-[1ch] text-right text-ink-faint"
              style={{ width: `${gutter}ch` }}
            >
              {isNumbered ? index + 1 : ""}
            </span>
            <span
              className={isWrapped ? "[line-break:anywhere]" : ""}
              style={isWrapped ? { width: `${columns}ch` } : undefined}
            >
              {line(index)}
            </span>
          </div>
        ))}
      </div>
    </section>
  );
}

/** The width of the element, and of a character of its font. */
function useSizes(element: RefObject<HTMLElement | null>): { widthPx: number; characterPx: number } {
  const [sizes, setSizes] = useState({ widthPx: 0, characterPx: 7 });
  useLayoutEffect(() => {
    const scroller = element.current!;
    const context = document.createElement("canvas").getContext("2d")!;
    const { fontFamily, fontSize } = getComputedStyle(scroller);
    context.font = `${fontSize} ${fontFamily}`;
    const characterPx = context.measureText("0".repeat(100)).width / 100;
    const measure = (): void => setSizes({ widthPx: scroller.clientWidth, characterPx });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(scroller);
    return () => observer.disconnect();
  }, [element]);
  return sizes;
}
