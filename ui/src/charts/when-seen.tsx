import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 240;

interface WhenSeenProps {
  /** In px. */
  height: number;
  /** The number of the grid's tracks that the children take. */
  span: number;
  children: ReactNode;
}

/** Mounts children that are near the visible area, and keeps the place of other children. */
export function WhenSeen({ height, span, children }: WhenSeenProps) {
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useLayoutEffect(() => {
    const element = place.current!;
    // The margin applies only around the scrolling element.
    const root = element.closest("[data-charts]")!;
    const [box, sight] = [element.getBoundingClientRect(), root.getBoundingClientRect()];
    // The observer reports the same, but one or two frames later.
    setSeen(box.top < sight.bottom + NEAR_PX && box.bottom > sight.top - NEAR_PX);
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false), {
      root,
      rootMargin: `${NEAR_PX}px`,
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={place} className="min-w-0" style={{ minHeight: height, gridColumn: `span ${span}` }}>
      {isSeen && children}
    </div>
  );
}
