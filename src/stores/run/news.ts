import type { Points } from "./points.ts";
import { MetricSummaries } from "./summaries.ts";

/** Beyond this number, parts are joined: parts differ only in when each may be dropped. */
const MAX_PARTS = 4;

/** The news that a writer to D1 was handed. Together with what D1 has, it is complete up to journal row `through`. */
export interface HandedOut {
  readonly summaries: MetricSummaries;
  readonly through: number;
}

/**
 * What D1 is not known to have of a run. Each writer to D1, a flush or a search, is handed all the news and confirms later
 * that D1 has it. News is dropped only when it is confirmed. So any number of writers may write, and any of them may fail.
 */
export class News {
  #parts: HandedOut[] = [];
  #fresh: MetricSummaries;
  #through: number;
  #points = 0;

  /** @param fresh summaries of all points up to journal row `through` that D1 may lack */
  constructor(fresh: MetricSummaries, through: number) {
    this.#fresh = fresh;
    this.#through = through;
  }

  /** The last journal row that is known here; its points are acknowledged, or about to be acknowledged. */
  get through(): number {
    return this.#through;
  }

  /** The number of metrics with news; a metric in several parts counts once for each part. */
  get size(): number {
    return this.#parts.reduce((sum, { summaries }) => sum + summaries.size, this.#fresh.size);
  }

  /** The number of points added since the last {@link take}. */
  get freshPoints(): number {
    return this.#points;
  }

  add(bodies: readonly Points[], through: number): void {
    for (const points of bodies) {
      this.#fresh.add(points);
      this.#points += points.values.length;
    }
    this.#through = through;
  }

  /** Hands out everything, and keeps it until it is {@link confirm}ed. */
  take(): HandedOut {
    this.#points = 0;
    if (this.#fresh.size > 0) this.#parts.push({ summaries: this.#fresh, through: this.#through });
    this.#fresh = new MetricSummaries();
    while (this.#parts.length > MAX_PARTS) this.#joinFirst();
    const [first] = this.#parts;
    if (this.#parts.length <= 1)
      return { summaries: first?.summaries ?? new MetricSummaries(), through: this.#through };
    const summaries = new MetricSummaries();
    for (const part of this.#parts) summaries.addAll(part.summaries);
    return { summaries, through: this.#through };
  }

  /** D1 has everything up to journal row `through`: that news is dropped. */
  confirm(through: number): void {
    this.#parts = this.#parts.filter((part) => part.through > through);
    if (through >= this.#through) this.#fresh = new MetricSummaries();
  }

  #joinFirst(): void {
    const [first, second, ...rest] = this.#parts;
    first!.summaries.addAll(second!.summaries);
    this.#parts = [{ summaries: first!.summaries, through: second!.through }, ...rest];
  }
}
