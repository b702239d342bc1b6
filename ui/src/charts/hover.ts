/** The hovered position, over all charts of a page. */
export interface Hover {
  /** Undefined if a whole line is hovered, such as in a legend. */
  readonly x?: number;
  /** The run or group that is nearest to the pointer. All charts emphasise it. */
  readonly lineId: string | undefined;
  /** The metric of the hovered chart. */
  readonly chart: string;
  /** The position on the screen, in px. */
  readonly clientX: number;
  readonly clientY: number;
}

export class HoverStore {
  #hover: Hover | undefined;
  readonly #listeners = new Set<() => void>();

  readonly get = (): Hover | undefined => this.#hover;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(hover: Hover | undefined): void {
    if (hover === undefined && this.#hover === undefined) return;
    this.#hover = hover;
    for (const tell of this.#listeners) tell();
  }

  /** A whole line is hovered beside the charts, such as its run in a table; undefined when this ends. */
  pointAtLine(lineId: string | undefined): void {
    if (lineId === this.#hover?.lineId) return;
    this.set(lineId === undefined ? undefined : { lineId, chart: "", clientX: 0, clientY: 0 });
  }
}
