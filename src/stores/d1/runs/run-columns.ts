import type { Field } from "../../../search/ast.ts";
import { MAX_COLUMNS_PER_STATEMENT, planRunColumns } from "../../../search/run-columns.ts";
import { ANSWER_BYTES } from "../connection/items.ts";

export type Cell = string | number | null;

/** Most runs of one statement: their ids stay far below D1's 2,000,000 bytes for a bound text. */
const MAX_RUNS_PER_STATEMENT = 2500;

/** The first statement reads fewer runs. The next ones read as many as are expected to fit, given the texts so far. */
const FIRST_RUNS = 250;

/** Most bytes of the texts of all columns together: the answer is held whole, and an isolate has 128 MB. */
const MAX_TEXT_BYTES = 4 * ANSWER_BYTES;

/**
 * The values of `fields` as columns in the order of `runIds`; null if a run has no value, or no longer exists. If the texts
 * are long the columns cover fewer runs, but always the first.
 */
export async function readRunColumns(
  db: D1Database,
  runIds: readonly string[],
  fields: readonly Field[],
): Promise<Cell[][]> {
  const columns: Cell[][] = fields.map(() => []);
  let size = FIRST_RUNS;
  let bytes = 0;
  for (let from = 0; from < runIds.length && bytes < MAX_TEXT_BYTES; ) {
    const slice = runIds.slice(from, from + size);
    const groups = await readGroups(db, slice, fields);
    const count = Math.min(...groups.map((rows) => rows.length));
    groups.forEach((rows, group) => {
      const first = group * MAX_COLUMNS_PER_STATEMENT;
      const width = Math.min(MAX_COLUMNS_PER_STATEMENT, fields.length - first);
      for (const row of rows.slice(0, count)) {
        for (let index = 0; index < width; index++) columns[first + index]!.push(row[index]!);
      }
      bytes += Number(rows[count - 1]![width]);
    });
    from += count;
    size = Math.min(MAX_RUNS_PER_STATEMENT, 2 * count);
  }
  return columns;
}

/**
 * The rows of each group of fields, with the bytes of the texts up to each row. If the bytes are many, there are fewer rows
 * than runs.
 */
async function readGroups(db: D1Database, runIds: readonly string[], fields: readonly Field[]): Promise<Cell[][][]> {
  const count = Math.ceil(fields.length / MAX_COLUMNS_PER_STATEMENT);
  const groups = Array.from({ length: count }, (_, group) =>
    fields.slice(group * MAX_COLUMNS_PER_STATEMENT, (group + 1) * MAX_COLUMNS_PER_STATEMENT),
  );
  return await Promise.all(
    groups.map(async (group) => {
      const { sql, values } = planRunColumns(runIds, group, Math.floor(ANSWER_BYTES / count));
      return await db
        .prepare(sql)
        .bind(...values)
        .raw<Cell[]>();
    }),
  );
}
