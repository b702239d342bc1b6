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
 * What tells a table's two virtualizers how far it is scrolled: both offsets are read before anything is rendered, and what
 * they change is rendered once. If each did so by itself, the second would have the page laid out anew to read its own.
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
