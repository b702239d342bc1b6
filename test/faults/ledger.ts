/** A metric point, as the API answers it. A repeated point is the same point. */
export interface Point {
  readonly key: string;
  /** In milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
  readonly value: number;
}

export const REGISTER_KINDS = ["params", "tags", "artifacts"] as const;
export type RegisterKind = (typeof REGISTER_KINDS)[number];

/** A text that is equal only for equal points. */
export function pointText({ key, timestamp, step, value }: Point): string {
  return `${key} at ${timestamp} step ${step} = ${value}`;
}

/** The order that decides the latest point: step, timestamp, value. NaN counts as a 0 that is greater than 0. */
export function compareLatest(a: Point, b: Point): number {
  const value = (point: Point) => (Number.isNaN(point.value) ? 0 : point.value);
  return (
    a.step - b.step ||
    a.timestamp - b.timestamp ||
    value(a) - value(b) ||
    Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value))
  );
}

/** The greatest point by {@link compareLatest}. */
export function latestOf(points: Iterable<Point>): Point | undefined {
  let latest: Point | undefined;
  for (const point of points) if (latest === undefined || compareLatest(point, latest) > 0) latest = point;
  return latest;
}

/** The least point by {@link compareLatest}. */
export function firstOf(points: Iterable<Point>): Point | undefined {
  let first: Point | undefined;
  for (const point of points) if (first === undefined || compareLatest(point, first) < 0) first = point;
  return first;
}

/**
 * A value that one client writes repeatedly, one request at a time. It must be the last acknowledged value, or a later
 * value that was sent without an answer.
 */
export class Register {
  #acknowledged: string | undefined;
  readonly #unanswered = new Set<string>();

  send(value: string): void {
    this.#unanswered.add(value);
  }

  acknowledge(value: string): void {
    this.#acknowledged = value;
    this.#unanswered.clear();
  }

  /** @param value undefined if there is none */
  mayHold(value: string | undefined): boolean {
    return value === this.#acknowledged || (value !== undefined && this.#unanswered.has(value));
  }
}

/** What clients sent to one run, and what the server acknowledged. */
export class RunLedger {
  readonly runId: string;
  readonly #points = new Map<string, { readonly point: Point; isAcknowledged: boolean }>();
  readonly #latest = new Map<string, Point>();
  readonly #registers: Readonly<Record<RegisterKind, Map<string, Register>>> = {
    params: new Map(),
    tags: new Map(),
    artifacts: new Map(),
  };

  constructor(runId: string) {
    this.runId = runId;
  }

  sendPoints(points: readonly Point[]): void {
    for (const point of points) {
      const text = pointText(point);
      if (!this.#points.has(text)) this.#points.set(text, { point, isAcknowledged: false });
    }
  }

  acknowledgePoints(points: readonly Point[]): void {
    for (const point of points) {
      this.#points.set(pointText(point), { point, isAcknowledged: true });
      const latest = this.#latest.get(point.key);
      if (latest === undefined || compareLatest(point, latest) > 0) this.#latest.set(point.key, point);
    }
  }

  hasSent(point: Point): boolean {
    return this.#points.has(pointText(point));
  }

  get acknowledgedPoints(): Point[] {
    return [...this.#points.values()].flatMap(({ point, isAcknowledged }) => (isAcknowledged ? [point] : []));
  }

  /** The greatest acknowledged point of each key. */
  get acknowledgedLatest(): Map<string, Point> {
    return new Map(this.#latest);
  }

  /** The keys of all sent points, acknowledged or not. */
  get keys(): Set<string> {
    return new Set([...this.#points.values()].map(({ point }) => point.key));
  }

  register(kind: RegisterKind, name: string): Register {
    const registers = this.#registers[kind];
    let register = registers.get(name);
    if (register === undefined) {
      register = new Register();
      registers.set(name, register);
    }
    return register;
  }

  registers(kind: RegisterKind): ReadonlyMap<string, Register> {
    return this.#registers[kind];
  }
}

/** What clients did to one experiment. */
export class Ledger {
  readonly runs: RunLedger[] = [];
  /** The names of runs whose creation was not answered. MLflow's protocol cannot distinguish a repeat from a second run. */
  readonly unansweredRunNames = new Set<string>();

  get acknowledgedCount(): number {
    return this.runs.reduce((sum, run) => sum + run.acknowledgedPoints.length, 0);
  }
}
