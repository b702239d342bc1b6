import type {
  ExperimentRecord,
  LoggedModelRecord,
  MetricSeries,
  RecordDigest,
  RecordKind,
  RegisteredModelRecord,
  RunRecord,
} from "../../domain/records.ts";
import type { ArtifactHome } from "./relocation.ts";
import type { ArtifactFile, ArtifactFolder } from "./source.ts";

/** A record that is ready to be written. */
export interface Item<Record> {
  readonly record: Record;
  readonly digest: string;
  /** None where clients reach the artifacts themselves, wherever they stay. */
  readonly artifacts: readonly ArtifactFile[];
  /** Whether they are to be there already, in a store that the target's server has too: they are not copied. */
  readonly isKept: boolean;
  readonly open: ArtifactFolder["open"];
}

export type RunItem = Item<RunRecord> & { readonly metrics: readonly MetricSeries[] };

/** What was written of the artifacts of some items. */
export interface WrittenArtifacts {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Where records are written to. Every call may be repeated, and is all or nothing where it says so by {@link Refused}; the
 * transfer then tries the records of the call apart.
 */
export interface Target {
  readonly title: string;
  readonly artifactHome: ArtifactHome;
  /** Whether it has a store of artifacts itself, in which those that are kept have to be. */
  readonly isServer: boolean;
  /** Whether it has no place for logged and registered models: they are not read then. */
  readonly takesOnlyRuns?: boolean;
  /** Which records are there already, whole and with this digest. */
  known(digests: readonly RecordDigest[]): Promise<readonly { readonly kind: RecordKind; readonly id: string }[]>;
  writeExperiments(items: readonly Item<ExperimentRecord>[]): Promise<void>;
  /** With their points, and their artifacts before they count as whole. */
  writeRuns(items: readonly RunItem[]): Promise<WrittenArtifacts>;
  writeLoggedModels(items: readonly Item<LoggedModelRecord>[]): Promise<WrittenArtifacts>;
  writeRegisteredModels(items: readonly Item<RegisteredModelRecord>[]): Promise<void>;
  /** All is written. */
  finish(): Promise<void>;
  /** However it ended. */
  close(): Promise<void>;
}
