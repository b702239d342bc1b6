import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 240;

/** Mounts what is near the sight, and keeps its place where it is not. */
export function WhenSeen({ height, children }: { height: number; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useLayoutEffect(() => {
    const element = place.current!;
    // The margin counts around what scrolls only.
    const root = element.closest("[data-charts]")!;
    const [box, sight] = [element.getBoundingClientRect(), root.getBoundingClientRect()];
    // The observer tells it too, but a frame or two later.
    setSeen(box.top < sight.bottom + NEAR_PX && box.bottom > sight.top - NEAR_PX);
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false), {
      root,
      rootMargin: `${NEAR_PX}px`,
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={place} className="min-w-0" style={{ minHeight: height }}>
      {isSeen && children}
    </div>
  );
}
