import { pinched, type Range } from "./axes.ts";
import type { Plot } from "./plot.ts";
import type { PlotSpec } from "./plot-spec.ts";

interface TouchHand {
  plot: () => Plot;
  spec: () => PlotSpec;
  /** Draws a range before it becomes the zoom; undefined for everything. */
  draw: (range: Range | undefined) => void;
  onZoom: (range: Range | undefined) => void;
}

/** Fingers on a chart. One finger that moves sideways reads the values. Two fingers zoom and shift. A vertical move scrolls the page. */
export function followTouches(element: HTMLElement, { plot, spec, draw, onZoom }: TouchHand): () => void {
  let held: Range | undefined;
  let zoom: Range | undefined;
  const sharesOf = ({ touches }: TouchEvent): Range => {
    const shares = [touches[0]!, touches[1]!].map(({ clientX }) => plot().shareAt(clientX));
    return [Math.min(...shares), Math.max(...shares)];
  };
  const onStart = (event: TouchEvent): void => {
    if (event.touches.length !== 2) return;
    event.preventDefault();
    plot().leave();
    const [left, right] = sharesOf(event);
    held = [plot().xAt(left), plot().xAt(right)];
    zoom = spec().zoom;
  };
  const onMove = (event: TouchEvent): void => {
    const [finger] = event.touches;
    if (held === undefined) {
      if (event.touches.length === 1 && finger !== undefined) plot().readAt(finger.clientX, finger.clientY);
      return;
    }
    event.preventDefault();
    if (event.touches.length !== 2 || held[0] >= held[1]) return;
    zoom = pinched(held, sharesOf(event), plot().everything, spec().isLogX);
    draw(zoom);
  };
  const onEnd = (event: TouchEvent): void => {
    if (held === undefined || event.touches.length > 0) return;
    held = undefined;
    onZoom(zoom);
  };
  const isActive = { passive: false };
  element.addEventListener("touchstart", onStart, isActive);
  element.addEventListener("touchmove", onMove, isActive);
  element.addEventListener("touchend", onEnd);
  element.addEventListener("touchcancel", onEnd);
  return () => {
    element.removeEventListener("touchstart", onStart);
    element.removeEventListener("touchmove", onMove);
    element.removeEventListener("touchend", onEnd);
    element.removeEventListener("touchcancel", onEnd);
  };
}
