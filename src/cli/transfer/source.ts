import type { ExperimentRecord, LoggedModelRecord, RegisteredModelRecord, RunRecord } from "../../domain/records.ts";
import type { AccessRecord } from "./access.ts";
import type { MetricSeries } from "./metric-series.ts";

export interface ArtifactFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** The readable artifacts of one run or logged model. */
export interface ArtifactFolder {
  /** All files, at any depth. */
  list(): AsyncIterable<ArtifactFile>;
  /** A file's bytes as a request's body, which is streamed and never held in memory. */
  open(path: string): Promise<Blob | ReadableStream<Uint8Array>>;
}

export interface SourceRun {
  readonly record: RunRecord;
  readonly metrics: readonly MetricSeries[];
  /** Undefined if the artifacts cannot be reached from here. They stay at `record.artifactUri`. */
  readonly artifacts: ArtifactFolder | undefined;
}

export interface SourceLoggedModel {
  readonly record: LoggedModelRecord;
  readonly artifacts: ArtifactFolder | undefined;
}

/**
 * The place from which records are read: a folder, a database or a server. One run at a time is in memory, with its points.
 * A source reports what it cannot read, and continues.
 */
export interface Source {
  /** The name of the source, for people. */
  readonly title: string;
  /** The total for the progress bar; undefined if counting would cost as much as reading. */
  countRuns(): Promise<number | undefined>;
  experiments(): AsyncIterable<ExperimentRecord>;
  runs(): AsyncIterable<SourceRun>;
  loggedModels(): AsyncIterable<SourceLoggedModel>;
  registeredModels(): AsyncIterable<RegisteredModelRecord>;
  /** Who may use the source, and for what; undefined if the source does not tell. */
  access?(): Promise<AccessRecord | undefined>;
  close(): Promise<void>;
}
