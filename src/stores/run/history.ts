import type { Int64 } from "../../domain/int64.ts";
import { migrateObject, type ObjectStorage } from "./migrations.ts";
import type { Position, Series } from "./series.ts";
import type { MetricSummaries } from "./summaries.ts";

export interface ReadOptions {
  /** The last point of the page before; the series starts anew without. */
  readonly after?: Position | undefined;
  /** Most points to answer. */
  readonly limit: number;
}

export interface SampleOptions {
  readonly maxResults: number;
  /** Inclusive, both or neither. */
  readonly startStep?: Int64 | undefined;
  readonly endStep?: Int64 | undefined;
}

/** The metric history of one run, in its object's SQLite. */
export class MetricHistory {
  constructor(storage: ObjectStorage) {
    migrateObject(storage);
  }

  /** Stores bodies made by `encodePoints`, all or none, and returns the journal id they end with. */
  append(_bodies: readonly Uint8Array[]): number {
    throw new Error("not yet");
  }

  /** Whether the journal is long enough for {@link fold}. */
  get foldIsDue(): boolean {
    throw new Error("not yet");
  }

  /** Moves the journal into sorted segments. Call it in the turn of an append, so that both are one commit. */
  fold(): void {
    throw new Error("not yet");
  }

  /** The next points of a metric in get-history's order, each once; empty at the end. */
  read(_key: string, _options: ReadOptions): Series {
    throw new Error("not yet");
  }

  /** At most `maxResults` points, evenly spread in the order of step, as get-history-bulk-interval wants them. */
  sample(_key: string, _options: SampleOptions): Series {
    throw new Error("not yet");
  }

  /** Every metric key, in no order. */
  keys(): string[] {
    throw new Error("not yet");
  }

  /** Summaries of at least what was appended after journal row `journalId`; everything for 0. */
  summariesSince(_journalId: number): MetricSummaries {
    throw new Error("not yet");
  }
}
