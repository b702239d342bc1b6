import { slices } from "../../../domain/slices.ts";
import { UserError } from "../../user-error.ts";
import { NotLetIn, parseExactly, Refused, type TrackingServer } from "../http.ts";
import { type MetricSeries, toMetricSeries } from "../metric-series.ts";

/* What the backup endpoints of a Trackflare server tell (src/routes/backup.ts): its tables as rows, and the points of runs. */

const API = "/api/2.0/trackflare/backup";
/** The most runs that one request may name. */
const RUNS_PER_REQUEST = 100;
/** How often points are requested again after a truncated answer. */
const MOST_REPEATS = 5;

export type CellValue = string | number | null;

export interface TableShape {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: "INTEGER" | "REAL" | "TEXT" | "BLOB" }[];
  readonly key: readonly string[];
}

interface Description {
  readonly groups: readonly (readonly TableShape[])[];
  readonly migrations: readonly string[];
  readonly sequences: Readonly<Record<string, string>>;
}

/** Rows by the name of their table. */
export type TableRows = Readonly<Record<string, readonly (readonly CellValue[])[]>>;

/** A row by column name. Columns that the server's version lacks are absent. */
export type Row = Readonly<Record<string, CellValue | undefined>>;

export interface PointsOfRun {
  readonly runId: string;
  readonly metrics: readonly MetricSeries[];
}

export class ServerRows {
  readonly server: TrackingServer;
  readonly groups: readonly (readonly TableShape[])[];
  /** File names of the migrations that the database has. */
  readonly migrations: readonly string[];
  /** The last id that each table has given. */
  readonly sequences: Readonly<Record<string, string>>;
  readonly #columns: ReadonlyMap<string, readonly string[]>;

  private constructor(server: TrackingServer, { groups, migrations, sequences }: Description) {
    this.server = server;
    this.groups = groups;
    this.migrations = migrations;
    this.sequences = sequences;
    this.#columns = new Map(groups.flat().map(({ name, columns }) => [name, columns.map((column) => column.name)]));
  }

  /** @returns undefined if the server is not Trackflare, or the caller is not an admin. */
  static async open(server: TrackingServer): Promise<ServerRows | undefined> {
    try {
      return new ServerRows(server, await server.get<Description>(`${API}/tables`));
    } catch (error) {
      if (error instanceof Refused || error instanceof NotLetIn) return undefined;
      throw error;
    }
  }

  /** The rows of a group's first table, page by page, with all rows that belong to them. */
  async *pages(table: string): AsyncGenerator<TableRows> {
    for (let page: string | undefined = ""; page !== undefined; ) {
      const body = JSON.stringify({ table, page });
      const headers = { "Content-Type": "application/json" };
      const response = await this.server.fetch(`${API}/rows`, { method: "POST", headers, body: () => body });
      const answer = (await response.json()) as { tables: TableRows; next?: string };
      yield answer.tables;
      page = answer.next;
    }
  }

  /** The same rows, by column name. */
  named(rows: TableRows, table: string): Row[] {
    const columns = this.#columns.get(table) ?? [];
    return (rows[table] ?? []).map((row) => Object.fromEntries(row.map((value, i) => [columns[i], value])));
  }

  /** All points of the runs that have points, run by run in the order of the ids. */
  async *points(runIds: readonly string[]): AsyncGenerator<PointsOfRun> {
    let run: { runId: string; metrics: { key: string; stretches: WireStretch[] }[] } | undefined;
    for await (const { stretch } of this.pointLines(runIds)) {
      if (run !== undefined && run.runId !== stretch.run_id)
        yield { runId: run.runId, metrics: run.metrics.map(joined) };
      if (run?.runId !== stretch.run_id) run = { runId: stretch.run_id, metrics: [] };
      const last = run.metrics.at(-1);
      if (last?.key === stretch.key) last.stretches.push(stretch);
      else run.metrics.push({ key: stretch.key, stretches: [stretch] });
    }
    if (run !== undefined) yield { runId: run.runId, metrics: run.metrics.map(joined) };
  }

  /** The same as the server's lines of JSON, one or more for each metric: those of a run once all of them have arrived. */
  async *pointLines(runIds: readonly string[]): AsyncGenerator<PointLine> {
    for (const some of slices([...runIds].sort(), RUNS_PER_REQUEST)) {
      let rest = some;
      for (let repeats = 0; rest.length > 0; repeats++) {
        for await (const run of this.#pointsOf(rest)) {
          if (run === undefined) rest = [];
          else {
            yield* run;
            rest = rest.filter((id) => id > run[0]!.stretch.run_id);
          }
        }
        if (rest.length > 0 && repeats === MOST_REPEATS) {
          throw new UserError(`${this.server.url} does not tell the points of its runs to their end.`);
        }
      }
    }
  }

  /** The lines of each run of which all arrived; undefined once none is missing. */
  async *#pointsOf(runIds: readonly string[]): AsyncGenerator<PointLine[] | undefined> {
    const body = JSON.stringify({ run_ids: runIds });
    const headers = { "Content-Type": "application/json" };
    const response = await this.server.fetch(`${API}/points`, { method: "POST", headers, body: () => body });
    let run: PointLine[] = [];
    for await (const line of linesOf(response)) {
      const stretch = parseExactly(line) as WireStretch | { end: true };
      const isEnd = "end" in stretch;
      if (run.length > 0 && (isEnd || run[0]!.stretch.run_id !== stretch.run_id)) {
        yield run;
        run = [];
      }
      if (isEnd) yield undefined;
      else run.push({ line, stretch, points: stretch.values.length });
    }
  }
}

/** A stretch of one metric's points, and the line that told it. */
export interface PointLine {
  readonly line: string;
  readonly stretch: WireStretch;
  readonly points: number;
}

interface WireStretch {
  readonly run_id: string;
  readonly key: string;
  readonly timestamps: readonly (number | bigint)[];
  readonly steps: readonly (number | bigint)[];
  readonly values: readonly (number | string)[];
}

function joined({
  key,
  stretches,
}: {
  readonly key: string;
  readonly stretches: readonly WireStretch[];
}): MetricSeries {
  return toMetricSeries({
    key,
    timestamps: stretches.flatMap(({ timestamps }) => timestamps),
    steps: stretches.flatMap(({ steps }) => steps),
    values: stretches.flatMap(({ values }) => values.map(Number)),
  });
}

/** The whole lines of an answer, as far as it arrives. */
async function* linesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of response.body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (error) {
    // The error of `fetch` for a lost connection.
    if (!(error instanceof TypeError)) throw error;
  }
}
