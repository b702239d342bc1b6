import type {
  ExperimentRecord,
  LoggedModelRecord,
  MetricSeries,
  RegisteredModelRecord,
  RunRecord,
} from "../../domain/records.ts";

export interface ArtifactFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** The artifacts of one run or logged model, where whoever reads them can. */
export interface ArtifactFolder {
  /** All files in it, however deep. */
  list(): AsyncIterable<ArtifactFile>;
  /** A file's bytes, as a request's body: nothing of it is held in memory. */
  open(path: string): Promise<Blob | ReadableStream<Uint8Array>>;
}

export interface SourceRun {
  readonly record: RunRecord;
  readonly metrics: readonly MetricSeries[];
  /** Undefined where the artifacts cannot be reached from here: they stay where `record.artifactUri` says. */
  readonly artifacts: ArtifactFolder | undefined;
}

export interface SourceLoggedModel {
  readonly record: LoggedModelRecord;
  readonly artifacts: ArtifactFolder | undefined;
}

/**
 * Where records are read from: a folder, a database or a server. One run is in memory at a time, with its points. What
 * cannot be read is told to the report, and the rest goes on.
 */
export interface Source {
  /** For people: what is read. */
  readonly title: string;
  /** For the progress bar; undefined where counting would cost as much as reading. */
  countRuns(): Promise<number | undefined>;
  experiments(): AsyncIterable<ExperimentRecord>;
  runs(): AsyncIterable<SourceRun>;
  loggedModels(): AsyncIterable<SourceLoggedModel>;
  registeredModels(): AsyncIterable<RegisteredModelRecord>;
  close(): Promise<void>;
}
