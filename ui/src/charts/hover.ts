/** What is pointed at, over all charts of a page. */
export interface Hover {
  /** Missing where a line is pointed at as a whole, such as in a legend. */
  readonly x?: number;
  /** The run, or group, that is nearest to the pointer: drawn strongly in all charts. */
  readonly lineId: string | undefined;
  /** The metric of the chart that is pointed at. */
  readonly chart: string;
  /** On the screen, in px. */
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

  /** A line as a whole is pointed at beside the charts, such as its run in a table; undefined: no longer. */
  pointAtLine(lineId: string | undefined): void {
    if (lineId === this.#hover?.lineId) return;
    this.set(lineId === undefined ? undefined : { lineId, chart: "", clientX: 0, clientY: 0 });
  }
}
