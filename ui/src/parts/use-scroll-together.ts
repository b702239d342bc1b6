import type { Virtualizer } from "@tanstack/react-virtual";
import { useState } from "react";
import { flushSync } from "react-dom";

type Tell = (offsetPx: number, isScrolling: boolean) => void;

interface Way {
  read: () => number;
  tell: Tell;
}

/** Without a scroll for so long, in ms, scrolling has ended. */
const REST_MS = 150;

/**
 * Tells a table's two virtualizers how far the table is scrolled. Both offsets are read before anything is rendered, so
 * one rendering serves both. If each virtualizer read its own offset, the second reading would make the page compute
 * its layout again.
 * @returns their `observeElementOffset`; they must not flush by themselves.
 */
export function useScrollTogether<Scroller extends HTMLElement>() {
  const [observe] = useState(() => {
    const ways = new Set<Way>();
    let rest: ReturnType<typeof setTimeout> | undefined;
    const tellAll = (isScrolling: boolean): void => {
      const offsets = [...ways].map(({ read, tell }) => ({ offsetPx: read(), tell }));
      flushSync(() => {
        for (const { offsetPx, tell } of offsets) tell(offsetPx, isScrolling);
      });
    };
    const onScroll = (): void => {
      clearTimeout(rest);
      rest = setTimeout(() => tellAll(false), REST_MS);
      tellAll(true);
    };
    return ({ scrollElement, options }: Virtualizer<Scroller, Element>, tell: Tell) => {
      if (scrollElement === null) return;
      const way = { read: () => (options.horizontal ? scrollElement.scrollLeft : scrollElement.scrollTop), tell };
      if (ways.size === 0) scrollElement.addEventListener("scroll", onScroll, { passive: true });
      ways.add(way);
      return () => {
        ways.delete(way);
        if (ways.size > 0) return;
        scrollElement.removeEventListener("scroll", onScroll);
        clearTimeout(rest);
      };
    };
  });
  return observe;
}
