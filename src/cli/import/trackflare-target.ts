import { randomUUID } from "node:crypto";
import type {
  ExperimentRecord,
  LoggedModelRecord,
  ModelVersionRecord,
  RecordDigest,
  RegisteredModelRecord,
} from "../../domain/records.ts";
import type { AccessRecord } from "../transfer/access.ts";
import type { TrackingServer } from "../transfer/http.ts";
import { MAX_SENT_METRICS, MAX_SENT_POINTS, seriesJson, sliceSeries } from "../transfer/metric-series.ts";
import { recordJson } from "../transfer/record-json.ts";
import type { Report } from "../transfer/report.ts";
import type { Item, RunItem, Target, WrittenArtifacts } from "../transfer/target.ts";
import { AccessWriter } from "./access-writer.ts";
import { ArtifactUploads } from "./artifact-uploads.ts";

/** The size of one request: below the server's limits, and small enough for several concurrent requests. */
const MAX_BODY_CHARACTERS = 3_000_000;
const MAX_VERSIONS = 10_000;

/** A Trackflare server as a target, through its import endpoints (src/routes/import.ts). */
export class TrackflareTarget implements Target {
  readonly title: string;
  readonly artifactHome = { uri: "mlflow-artifacts:", isForAll: true };
  readonly isServer = true;
  readonly #server: TrackingServer;
  readonly #uploads: ArtifactUploads;
  /** Marks all requests of this import as one command, for the audit log. */
  readonly #command = randomUUID();

  readonly #access: AccessWriter;

  /** @param passwordsFile takes the passwords of new users */
  constructor(server: TrackingServer, report: Report, passwordsFile?: string) {
    this.#server = server;
    this.#uploads = new ArtifactUploads(server, report);
    this.#access = new AccessWriter(server, passwordsFile, report);
    this.title = server.url;
  }

  async known(digests: readonly RecordDigest[]) {
    const body = recordJson({ records: digests });
    const answer = await this.#server.post<{ records: { kind: RecordDigest["kind"]; id: string }[] }>(
      "/api/2.0/trackflare/import/known",
      body,
    );
    return answer.records;
  }

  async writeExperiments(items: readonly Item<ExperimentRecord>[]): Promise<void> {
    await this.#post("experiments", items.map(digested));
  }

  /**
   * Writes the runs, then their points, then their artifacts, and marks the runs as complete last. It does not note the
   * digest of a run with a missing artifact, so the next import tries that artifact again.
   */
  async writeRuns(items: readonly RunItem[]): Promise<WrittenArtifacts> {
    await this.#post(
      "runs",
      items.map(({ record }) => recordJson(record)),
    );
    for (const pieces of pointPieces(items)) await this.#post("points", pieces);
    const uploads = await this.#uploads.write(items, ({ record }) => `run ${record.runId}`);
    const ends = items.map(({ record, digest }, i) => {
      const { runId, lifecycleStage, deletedTimeMs } = record;
      return recordJson({
        runId,
        lifecycleStage,
        deletedTimeMs,
        digest: uploads.areWhole[i] ? digest : `part of ${digest}`,
      });
    });
    await this.#post("finished-runs", ends);
    return uploads;
  }

  async writeLoggedModels(items: readonly Item<LoggedModelRecord>[]): Promise<WrittenArtifacts> {
    const uploads = await this.#uploads.write(items, ({ record }) => `logged model ${record.modelId}`);
    await this.#post(
      "logged-models",
      items.map((item, i) =>
        uploads.areWhole[i] ? digested(item) : digested({ ...item, digest: `part of ${item.digest}` }),
      ),
    );
    return uploads;
  }

  async writeRegisteredModels(items: readonly Item<RegisteredModelRecord>[]): Promise<void> {
    await this.#post("registered-models", items.flatMap(modelPieces));
  }

  async writeAccess(access: AccessRecord): Promise<void> {
    await this.#access.write(access);
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {}

  /** Writes records in as few requests as their size allows. */
  async #post(name: string, records: readonly string[]): Promise<void> {
    let group: string[] = [];
    let length = 0;
    const send = async () => {
      if (group.length > 0)
        await this.#server.post(
          `/api/2.0/trackflare/import/${name}`,
          `{"command":"${this.#command}","records":[${group.join(",")}]}`,
        );
      group = [];
      length = 0;
    };
    for (const record of records) {
      if (length + record.length > MAX_BODY_CHARACTERS) await send();
      group.push(record);
      length += record.length;
    }
    await send();
  }
}

function digested({ record, digest }: Item<object>): string {
  return recordJson({ ...record, digest });
}

/**
 * A registered model as records that a server takes in their order. A model with many versions, or a prompt with long ones, takes
 * several. Only the last one notes the digest, so an import that was cut off continues.
 */
function modelPieces({ record, digest }: Item<RegisteredModelRecord>): string[] {
  const pieces = [...versionPieces(record.versions)];
  return pieces.map((versions, index) => {
    const numbers = new Set(versions.map(({ version }) => version));
    const aliases = record.aliases.filter(({ version }) => numbers.has(version));
    const isLast = index === pieces.length - 1;
    return recordJson({ ...record, versions, aliases, digest: isLast ? digest : `part of ${digest}` });
  });
}

function* versionPieces(versions: readonly ModelVersionRecord[]): Generator<readonly ModelVersionRecord[]> {
  let piece: ModelVersionRecord[] = [];
  let length = 0;
  for (const version of versions) {
    const more = recordJson(version).length;
    if (piece.length > 0 && (piece.length === MAX_VERSIONS || length + more > MAX_BODY_CHARACTERS)) {
      yield piece;
      piece = [];
      length = 0;
    }
    piece.push(version);
    length += more;
  }
  yield piece;
}

/** The points of runs, split into requests. A run with millions of points takes many requests. */
function* pointPieces(items: readonly RunItem[]): Iterable<string[]> {
  let piece: string[] = [];
  let points = 0;
  let count = 0;
  for (const { record, metrics } of items) {
    let series: string[] = [];
    const endRun = () => {
      if (series.length > 0) piece.push(`{"run_id":${JSON.stringify(record.runId)},"metrics":[${series.join(",")}]}`);
      series = [];
    };
    for (const all of metrics) {
      for (let from = 0; from < all.values.length; ) {
        const to = Math.min(all.values.length, from + MAX_SENT_POINTS - points);
        series.push(seriesJson(sliceSeries(all, from, to)));
        points += to - from;
        count++;
        from = to;
        if (points < MAX_SENT_POINTS && count < MAX_SENT_METRICS) continue;
        endRun();
        yield piece;
        piece = [];
        points = 0;
        count = 0;
      }
    }
    endRun();
  }
  if (piece.length > 0) yield piece;
}
