import { SERVER_NAMES, type ServerName } from "./servers.ts";
import { isRate, type Measurement, type Row } from "./workloads/workload.ts";

/** Median and range of one row for one server, over the repetitions. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly cpuMs: number | undefined;
}

export interface MissedTarget {
  readonly row: Row;
  readonly against: ServerName;
  readonly ratio: number;
  readonly target: number;
}

/** A row that exceeded its limit. */
export interface MissedLimit {
  readonly row: Row;
  readonly value: number;
  readonly most: number;
}

/** A row of Trackflare's beside another one. */
export interface Beside {
  readonly row: Row;
  readonly other: string;
  readonly ratio: number;
  readonly least: number;
}

export interface WrongAnswerOf {
  readonly row: Row;
  readonly server: ServerName;
  readonly message: string;
}

/** Everything measured in one run of the benchmark. */
export class Results {
  readonly #measurements = new Map<string, Measurement[]>();
  readonly #wrongAnswers: WrongAnswerOf[] = [];

  add(row: Row, server: ServerName, measurement: Measurement): void {
    const key = `${row.id} ${server}`;
    this.#measurements.set(key, [...(this.#measurements.get(key) ?? []), measurement]);
  }

  /** Refusals and wrong answers of peers: see session.ts. */
  addWrongAnswer(row: Row, server: ServerName, message: string): void {
    this.#wrongAnswers.push({ row, server, message });
  }

  get wrongAnswers(): readonly WrongAnswerOf[] {
    return this.#wrongAnswers;
  }

  summary(row: Pick<Row, "id">, server: ServerName): Summary | undefined {
    const measurements = this.#measurements.get(`${row.id} ${server}`);
    if (!measurements) return undefined;
    const values = measurements.map(({ value }) => value);
    return {
      median: median(values),
      min: Math.min(...values),
      max: Math.max(...values),
      p50Ms: medianOfKnown(measurements.map(({ p50Ms }) => p50Ms)),
      p95Ms: medianOfKnown(measurements.map(({ p95Ms }) => p95Ms)),
      cpuMs: medianOfKnown(measurements.map(({ cpuMs }) => cpuMs)),
    };
  }

  /** How many times better Trackflare is, by medians. Above 1 is better, whatever the unit. */
  ratio(row: Row, against: ServerName): number | undefined {
    const ours = this.summary(row, "trackflare")?.median;
    const theirs = this.summary(row, against)?.median;
    if (ours === undefined || theirs === undefined) return undefined;
    return isRate(row.unit) ? ours / theirs : theirs / ours;
  }

  missedTargets(rows: readonly Row[]): MissedTarget[] {
    return rows.flatMap((row) =>
      SERVER_NAMES.flatMap((against) => {
        const target = row.targets?.[against];
        const ratio = this.ratio(row, against);
        return target === undefined || ratio === undefined || ratio >= target ? [] : [{ row, against, ratio, target }];
      }),
    );
  }

  /** Rows that have another row beside them, as far as both were measured. */
  besides(rows: readonly Row[]): Beside[] {
    return rows.flatMap((row) => {
      const { beside } = row;
      const ours = this.summary(row, "trackflare")?.median;
      const others = beside && this.summary({ id: beside.row }, "trackflare")?.median;
      if (beside === undefined || ours === undefined || others === undefined) return [];
      const ratio = isRate(row.unit) ? ours / others : others / ours;
      return [{ row, other: beside.row, ratio, least: beside.least }];
    });
  }

  missedLimits(rows: readonly Row[]): MissedLimit[] {
    return rows.flatMap((row) => {
      const { most } = row;
      const value = this.summary(row, "trackflare")?.median;
      return most === undefined || value === undefined || value <= most ? [] : [{ row, value, most }];
    });
  }
}

function medianOfKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? median(known) : undefined;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
