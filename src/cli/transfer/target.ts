import type {
  ExperimentRecord,
  LoggedModelRecord,
  RecordDigest,
  RecordKind,
  RegisteredModelRecord,
  RunRecord,
} from "../../domain/records.ts";
import type { AccessRecord } from "./access.ts";
import type { MetricSeries } from "./metric-series.ts";
import type { ArtifactHome } from "./relocation.ts";
import type { ArtifactFile, ArtifactFolder } from "./source.ts";

/** A record that is ready to be written. */
export interface Item<Record> {
  readonly record: Record;
  readonly digest: string;
  /** Empty if the artifacts stay where clients reach them by themselves. */
  readonly artifacts: readonly ArtifactFile[];
  /** Whether the target's server must already have the artifacts in its store. They are not copied then. */
  readonly isKept: boolean;
  readonly open: ArtifactFolder["open"];
}

export type RunItem = Item<RunRecord> & { readonly metrics: readonly MetricSeries[] };

/** The result of writing some items' artifacts. */
export interface WrittenArtifacts {
  readonly files: number;
  readonly bytes: number;
}

/**
 * The place to which records are written. Every call may be repeated. A call that throws {@link Refused} wrote nothing, and
 * the transfer then tries the records of the call one by one.
 */
export interface Target {
  readonly title: string;
  readonly artifactHome: ArtifactHome;
  /** Whether the target has its own artifact store, which must contain the kept artifacts. */
  readonly isServer: boolean;
  /** Whether the target has no place for logged and registered models. They are not read then. */
  readonly takesOnlyRuns?: boolean;
  /** The records that the target already has completely, with this digest. */
  known(digests: readonly RecordDigest[]): Promise<readonly { readonly kind: RecordKind; readonly id: string }[]>;
  writeExperiments(items: readonly Item<ExperimentRecord>[]): Promise<void>;
  /** Writes runs with their points, and with their artifacts before the runs count as complete. */
  writeRuns(items: readonly RunItem[]): Promise<WrittenArtifacts>;
  writeLoggedModels(items: readonly Item<LoggedModelRecord>[]): Promise<WrittenArtifacts>;
  writeRegisteredModels(items: readonly Item<RegisteredModelRecord>[]): Promise<void>;
  /** Writes users, roles and grants that the target lacks; undefined for a target that has none. */
  writeAccess?(access: AccessRecord): Promise<void>;
  /** Called when everything is written. */
  finish(): Promise<void>;
  /** Called at the end of the transfer, after success or failure. */
  close(): Promise<void>;
}
