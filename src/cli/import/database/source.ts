import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ExperimentRecord, RegisteredModelRecord } from "../../../domain/records.ts";
import { counted } from "../../counted.ts";
import type { AccessRecord } from "../../transfer/access.ts";
import type { Report } from "../../transfer/report.ts";
import type { ArtifactFolder, Source, SourceLoggedModel, SourceRun } from "../../transfer/source.ts";
import { UserError } from "../../user-error.ts";
import { LocalArtifacts, localFolder } from "../local-artifacts.ts";
import { hasAccessTables, readAccess } from "./access.ts";
import { readLoggedModels, readRegisteredModels } from "./models.ts";
import { grouped, readRuns } from "./runs.ts";
import { type SqlDatabase, text, time } from "./sql-database.ts";
import { Tables } from "./tables.ts";

/** Tables that MLflow has and Trackflare does not; see docs/migrate.md. */
const NOT_KEPT = { trace_info: "trace", evaluation_datasets: "evaluation dataset", scorers: "scorer" };

/** The database of an MLflow server. */
export class DatabaseSource implements Source {
  readonly title: string;
  readonly #db: SqlDatabase;
  readonly #tables: Tables;
  readonly #report: Report;
  /** The folder to which `mlflow-artifacts:/` URIs refer. */
  readonly #proxied: string | undefined;
  readonly #experimentIds = new Set<string>();

  private constructor(db: SqlDatabase, tables: Tables, proxied: string | undefined, report: Report) {
    this.#db = db;
    this.#tables = tables;
    this.#proxied = proxied;
    this.#report = report;
    this.title = `the database ${db.title}`;
  }

  /**
   * @param proxied the folder of the artifacts that the server stored itself, if known.
   * @throws {UserError} if the database is not MLflow's.
   */
  static async open(db: SqlDatabase, proxied: string | undefined, report: Report): Promise<DatabaseSource> {
    const tables = new Tables(db, await db.columns());
    // Basic-auth has a database of its own by default.
    const isOfUsers = hasAccessTables(tables) && !tables.has("experiments");
    for (const table of isOfUsers ? [] : ["experiments", "runs", "metrics", "params", "tags"]) {
      if (tables.has(table)) continue;
      await db.close();
      throw new UserError(`${db.title} is no database of MLflow: it has no table ${table}.`);
    }
    return new DatabaseSource(db, tables, proxied, report);
  }

  async countRuns(): Promise<number> {
    return await this.#tables.count("runs");
  }

  async *experiments(): AsyncIterable<ExperimentRecord> {
    await this.#tellWhatIsNotRead();
    const columns = [
      "experiment_id",
      "name",
      "artifact_location",
      "lifecycle_stage",
      "creation_time",
      "last_update_time",
    ];
    const ours = this.#tables.inDefaultWorkspace("experiments");
    const rows = await this.#tables.read("experiments", columns, `WHERE ${ours} ORDER BY experiment_id`);
    const tags = await this.#tables.read(
      "experiment_tags",
      ["experiment_id", "key", "value"],
      'ORDER BY experiment_id, "key"',
    );
    const tagsOf = grouped(tags, "experiment_id", (row) => ({ key: text(row.key), value: text(row.value) }));
    for (const row of rows) {
      const experimentId = text(row.experiment_id);
      this.#experimentIds.add(experimentId);
      const creationTimeMs = time(row.creation_time) ?? 0;
      yield {
        experimentId,
        name: text(row.name),
        artifactLocation: text(row.artifact_location),
        lifecycleStage: row.lifecycle_stage === "deleted" ? "deleted" : "active",
        creationTimeMs,
        lastUpdateTimeMs: time(row.last_update_time) ?? creationTimeMs,
        tags: tagsOf.get(experimentId) ?? [],
      };
    }
  }

  async *runs(): AsyncIterable<SourceRun> {
    for await (const run of readRuns(this.#tables, this.#experimentIds, this.#report)) {
      yield { ...run, artifacts: this.#artifacts(run.record.artifactUri) };
    }
  }

  async *loggedModels(): AsyncIterable<SourceLoggedModel> {
    for await (const record of readLoggedModels(this.#tables, this.#experimentIds)) {
      yield { record, artifacts: this.#artifacts(record.artifactUri) };
    }
  }

  registeredModels(): AsyncIterable<RegisteredModelRecord> {
    return readRegisteredModels(this.#tables);
  }

  async access(): Promise<AccessRecord | undefined> {
    return hasAccessTables(this.#tables) ? await readAccess(this.#tables) : undefined;
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  #artifacts(uri: string): ArtifactFolder | undefined {
    const [, path] = /^mlflow-artifacts:\/+(?:[^/]+:\d+\/)?(.*)$/.exec(uri) ?? [];
    if (path === undefined) {
      const found = localFolder(uri);
      return found === undefined ? undefined : new LocalArtifacts(found);
    }
    return this.#proxied === undefined ? undefined : new LocalArtifacts(join(this.#proxied, path));
  }

  async #tellWhatIsNotRead(): Promise<void> {
    for (const [table, name] of Object.entries(NOT_KEPT)) {
      const number = await this.#tables.count(table);
      if (number > 0) this.#report.problem(counted(number, name), "Trackflare does not import them");
    }
    if (!this.#tables.hasColumn("experiments", "workspace")) return;
    const others = await this.#tables.count("experiments", "WHERE workspace <> 'default'");
    if (others > 0) this.#report.problem(counted(others, "experiment"), "of another workspace than 'default'");
  }
}

/** The folder in which a server keeps proxied artifacts by default: beside its database. */
export function artifactsBeside(databaseFolder: string): string | undefined {
  const folder = join(databaseFolder, "mlartifacts");
  return existsSync(folder) ? folder : undefined;
}
