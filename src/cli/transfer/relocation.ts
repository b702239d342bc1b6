import type {
  ExperimentRecord,
  LoggedModelRecord,
  ModelVersionRecord,
  RegisteredModelRecord,
  RunRecord,
} from "../../domain/records.ts";
import type { SourceLoggedModel, SourceRun } from "./source.ts";

/** Whether artifacts are copied into the target's store, or stay where they are. */
export type ArtifactMode = "copy" | "keep";

interface Move {
  readonly from: string;
  readonly to: string;
}

/** The place of the files that are copied to a target. */
export interface ArtifactHome {
  /** The URI of the folder that has one folder for each experiment. */
  readonly uri: string;
  /** Whether new runs of every experiment keep their files there too, wherever the source's runs keep theirs. */
  readonly isForAll: boolean;
}

/**
 * Changes the URIs in records to the place of the copied artifacts, the target's {@link ArtifactHome}. Artifacts that cannot
 * be reached stay where they are, and so do their URIs.
 */
export class Relocation {
  readonly #mode: ArtifactMode;
  readonly #home: ArtifactHome;
  /** Moved artifacts by the id of their run or logged model. */
  readonly #moves = new Map<string, Move>();

  constructor(mode: ArtifactMode, home: ArtifactHome) {
    this.#mode = mode;
    this.#home = home;
  }

  experiment(record: ExperimentRecord): ExperimentRecord {
    if (this.#mode === "keep") return record;
    if (!this.#home.isForAll && !record.artifactLocation.startsWith("mlflow-artifacts:")) return record;
    return { ...record, artifactLocation: `${this.#home.uri}/${record.experimentId}` };
  }

  run({ record, artifacts }: Pick<SourceRun, "record" | "artifacts">): RunRecord {
    if (this.#mode === "keep" || artifacts === undefined) return record;
    const to = `${this.#home.uri}/${record.experimentId}/${record.runId}/artifacts`;
    this.#note(record.runId, record.artifactUri, to);
    return { ...record, artifactUri: to };
  }

  loggedModel({ record, artifacts }: SourceLoggedModel): LoggedModelRecord {
    if (this.#mode === "keep" || artifacts === undefined) return record;
    const to = `${this.#home.uri}/${record.experimentId}/models/${record.modelId}/artifacts`;
    this.#note(record.modelId, record.artifactUri, to);
    return { ...record, artifactUri: to };
  }

  /** Call it after all runs and logged models, because a version's files belong to one of them. */
  registeredModel(record: RegisteredModelRecord): RegisteredModelRecord {
    if (this.#moves.size === 0) return record;
    return { ...record, versions: record.versions.map((version) => this.#version(version)) };
  }

  #version(version: ModelVersionRecord): ModelVersionRecord {
    const { source, storageLocation, runId } = version;
    const modelId = /\bm-[0-9a-f]{32}\b/.exec(`${source} ${storageLocation ?? ""}`)?.[0];
    const moves = [runId, modelId].flatMap((id) => this.#moves.get(id ?? "") ?? []);
    const moved = (uri: string) => moves.reduce((at, move) => rebase(at, move), uri);
    return {
      ...version,
      source: moved(source),
      storageLocation: storageLocation === null ? null : moved(storageLocation),
    };
  }

  #note(id: string, from: string, to: string): void {
    if (from !== to && from !== "") this.#moves.set(id, { from, to });
  }
}

/** Replaces the prefix `from` of a URI by `to`. `from` may be written as a path. */
function rebase(uri: string, { from, to }: Move): string {
  const below = (base: string) =>
    uri === base || uri.startsWith(`${base}/`) ? to + uri.slice(base.length) : undefined;
  const base = from.replace(/\/+$/, "");
  return below(base) ?? below(base.replace(/^file:\/\//, "")) ?? below(`file://${base}`) ?? uri;
}
